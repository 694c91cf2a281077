#include "kernels/cuda/device.h"

#include <dlfcn.h>

#include <filesystem>

#include "base/check.h"

namespace hone::kernels::cuda {
namespace {

constexpr int kOldestDriver = 13000;  // the plug-in is built with CUDA 13

Error missing(const std::string& what) { return {.code = ErrorCode::kInvalid, .message = what}; }

// The few functions of the driver's library that are used, by their names in CUDA's cuda.h.
class Driver {
 public:
  static Result<Driver> load() {
    Driver driver;
    driver.library_ = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);  // stays open: drivers cannot be unloaded
    if (driver.library_ == nullptr)
      return missing("no CUDA driver on this machine (libcuda.so.1 is not found); install NVIDIA's driver, release 580 "
                     "or later");
    HONE_TRY(driver.call("cuInit", 0u));
    return driver;
  }

  template <class... Arguments>
  Result<void> call(const char* name, Arguments... arguments) const {
    const auto function = reinterpret_cast<int (*)(Arguments...)>(dlsym(library_, name));
    if (function == nullptr) return missing(str("the CUDA driver has no ", name, "; install release 580 or later"));
    const int code = function(arguments...);
    if (code == 0) return {};
    return missing(str("the CUDA driver does not work: ", name, " says ", describe(code)));
  }

 private:
  std::string describe(int code) const {
    const char* text = nullptr;
    const auto function = reinterpret_cast<int (*)(int, const char**)>(dlsym(library_, "cuGetErrorString"));
    if (function == nullptr || function(code, &text) != 0 || text == nullptr) return str("error ", code);
    return str(text, " (", code, ")");
  }

  void* library_ = nullptr;
};

Result<DeviceInfo> look_at(const Driver& driver, int index) {
  constexpr int kMajor = 75, kMinor = 76;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR
  int device = 0;
  char name[256] = {};
  size_t memory = 0;
  DeviceInfo out;
  HONE_TRY(driver.call("cuDeviceGet", &device, index));
  HONE_TRY(driver.call("cuDeviceGetName", name, static_cast<int>(sizeof name - 1), device));
  HONE_TRY(driver.call("cuDeviceTotalMem_v2", &memory, device));
  HONE_TRY(driver.call("cuDeviceGetAttribute", &out.major, kMajor, device));
  HONE_TRY(driver.call("cuDeviceGetAttribute", &out.minor, kMinor, device));
  out.name = name;
  out.memory = static_cast<int64_t>(memory);
  return out;
}

void fail(const char* file, int line, const char* expression, const char* values) {
  check_failed(file, line, expression, values);
}

std::string reason() {
  const char* text = dlerror();
  return text ? text : "unknown";
}

}  // namespace

Result<DriverInfo> find_driver() {
  HONE_TRY_ASSIGN(const Driver driver, Driver::load());
  DriverInfo out;
  int count = 0;
  HONE_TRY(driver.call("cuDriverGetVersion", &out.version));
  HONE_TRY(driver.call("cuDeviceGetCount", &count));
  for (int i = 0; i < count; ++i) {
    HONE_TRY_ASSIGN(DeviceInfo info, look_at(driver, i));
    out.devices.push_back(std::move(info));
  }
  return out;
}

Result<std::string> plugin_path() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return Error{ErrorCode::kIo, str("cannot read /proc/self/exe: ", error.message())};
  return (program.parent_path() / "libhone_cuda.so").string();
}

Result<const Plugin*> load_plugin(const std::string& path) {
  if (!std::filesystem::exists(path))
    return missing(str("no CUDA plug-in (", path, "); ./hone build --cuda builds it"));
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return missing(str("the CUDA plug-in cannot be loaded: ", reason()));
  const auto entry = reinterpret_cast<decltype(&hone_cuda_plugin)>(dlsym(library, "hone_cuda_plugin"));
  if (entry == nullptr) return missing(str("is no CUDA plug-in of hone: ", reason()));
  static const Host host{fail};
  const Plugin* const plugin = entry(&host);
  if (plugin->abi != HONE_CUDA_ABI)
    return missing(str("the CUDA plug-in was built for another state of hone (", path, "); ./hone build --cuda builds "
                       "it anew"));
  return plugin;
}

Result<OpenedDevice> open_device(int index) {
  HONE_TRY_ASSIGN(const std::string path, plugin_path());
  HONE_TRY_ASSIGN(const Plugin* const plugin, load_plugin(path));
  HONE_TRY_ASSIGN(const DriverInfo driver, find_driver());
  if (driver.version < kOldestDriver)
    return missing(str("the CUDA driver is too old (CUDA ", driver.version / 1000, ".", driver.version % 1000 / 10,
                       "; the plug-in needs 13.0): install NVIDIA's driver, release 580 or later"));
  if (index >= static_cast<int>(driver.devices.size()))
    return missing(str("the CUDA driver finds no device", index == 0 ? "" : str(" ", index),
                       "; is CUDA_VISIBLE_DEVICES set?"));
  OpenedDevice out;
  const Failure failure = plugin->open(index, &out.f32, &out.bf16);
  if (failure.text[0] != '\0') return missing(failure.text);
  return out;
}

}  // namespace hone::kernels::cuda
