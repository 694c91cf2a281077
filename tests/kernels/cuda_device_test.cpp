// The program's side of CUDA on any machine; a device is needed for none of it.
#include "kernels/cuda/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/support/temp_dir.h"

namespace hone::kernels::cuda {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string built(const std::string& name) {
  const Result<std::string> path = plugin_path();
  return path.ok() ? path->substr(0, path->rfind('/') + 1) + name : "";
}

bool has_plugin() { return path_exists(built("libhone_cuda.so")); }
constexpr const char* kNoPlugin = "the plug-in is not in this build (./hone build --cuda)";
bool has_driver() { return find_driver().ok(); }

TEST(CudaPlugin, LoadsWithoutADriver) {
  if (!has_plugin()) GTEST_SKIP() << kNoPlugin;
  const Result<const Plugin*> plugin = load_plugin(built("libhone_cuda.so"));
  ASSERT_TRUE(plugin.ok()) << plugin.error().to_string();
}

TEST(CudaPlugin, OpeningADeviceWithoutADriverIsOneClearError) {
  if (!has_plugin()) GTEST_SKIP() << kNoPlugin;
  if (has_driver()) GTEST_SKIP() << "this machine has a driver";
  const Backend *f32 = nullptr, *bf16 = nullptr;
  const Failure failure = (*load_plugin(built("libhone_cuda.so")))->open(0, &f32, &bf16);
  EXPECT_THAT(failure.text, StartsWith("no CUDA driver"));
  EXPECT_EQ(f32, nullptr);
}

TEST(CudaDevice, WhatIsMissingIsNamedInOneLine) {
  if (has_driver()) GTEST_SKIP() << "this machine has a driver";
  const Result<OpenedDevice> device = open_device(0);
  ASSERT_FALSE(device.ok());
  EXPECT_EQ(device.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(device.error().message, StartsWith(has_plugin() ? "no CUDA driver" : "no CUDA plug-in"));
  EXPECT_EQ(device.error().message.find('\n'), std::string::npos);
}

TEST(CudaPlugin, AFileThatIsNoneIsRefused) {
  const testing::TempDir dir;
  const std::string text = dir.file("text.so");
  ASSERT_TRUE(write_file_atomic(text, "not a library").ok());
  const struct {
    std::string path, problem;
  } cases[] = {{dir.file("none.so"), "no CUDA plug-in (" + dir.file("none.so") + "); ./hone build --cuda"},
               {text, "cannot be loaded"},
               {built("libother_hone_cuda.so"), "was built for another state of hone"}};
  for (const auto& c : cases) {
    const Result<const Plugin*> plugin = load_plugin(c.path);
    ASSERT_FALSE(plugin.ok()) << c.path;
    EXPECT_THAT(plugin.error().message, HasSubstr(c.problem));
  }
}

}  // namespace
}  // namespace hone::kernels::cuda
