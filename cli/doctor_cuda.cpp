#include "cli/doctor_cuda.h"

#include "cli/report_text.h"
#include "kernels/cuda/device.h"
#include "trainer/model.h"

namespace hone::cli {
namespace {

using namespace kernels::cuda;

std::string plugin_text() {
  const Result<std::string> path = plugin_path();
  if (!path.ok()) return path.error().to_string();
  const Result<const Plugin*> plugin = load_plugin(*path);
  return plugin.ok() ? *path : plugin.error().to_string();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> look_at_cuda() {
  std::vector<std::pair<std::string, std::string>> out;
  const Result<DriverInfo> driver = find_driver();
  if (driver.ok()) {
    out.emplace_back("CUDA driver", str("for CUDA ", driver->version / 1000, ".", driver->version % 1000 / 10));
    for (const DeviceInfo& device : driver->devices)
      out.emplace_back("  device", str(device.name, ", ", fixed(static_cast<double>(device.memory) / (1 << 30), 1),
                                       " GiB, compute capability ", device.major, ".", device.minor));
  } else {
    out.emplace_back("CUDA driver", driver.error().to_string());
  }
  out.emplace_back("CUDA plug-in", plugin_text());
  const Result<void> device = trainer::check_device(trainer::Device::kCuda);
  out.emplace_back("run.device: cuda", device.ok() ? "ready" : device.error().message);
  return out;
}

}  // namespace hone::cli
