// CUDA as the program sees it: the driver, its devices, and the plug-in libhone_cuda.so that computes on one. They are
// looked for when they are asked for; a program that never asks touches none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/backend.h"
#include "kernels/cuda/plugin.h"

namespace hone::kernels::cuda {

struct DeviceInfo {
  std::string name;
  int64_t memory = 0;        // bytes
  int major = 0, minor = 0;  // compute capability
};

struct DriverInfo {
  int version = 0;  // of CUDA, newest that it runs: 1000 * major + 10 * minor
  std::vector<DeviceInfo> devices;
};

// What the driver's library says (CUDA Driver API: cuInit, cuDeviceGet...). The Error names what is missing.
Result<DriverInfo> find_driver();

// libhone_cuda.so beside the running program.
Result<std::string> plugin_path();

// Loads a plug-in, for good. The Error says that there is none, that it cannot be loaded, or that it was built for
// another state of the program.
Result<const Plugin*> load_plugin(const std::string& path);

// The backends of a device, of compact f32 and of compact bf16.
struct OpenedDevice {
  const Backend* f32 = nullptr;
  const Backend* bf16 = nullptr;
};

// Driver, device and plug-in; the Error names the first that is missing, and what to do.
Result<OpenedDevice> open_device(int index);

}  // namespace hone::kernels::cuda
