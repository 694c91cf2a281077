// Runs tests on the first GPU. Exit code 77 where there is none: skipped, with the reason printed.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "kernels/cuda/device.h"
#include "kernels/cuda/queue.h"
#include "tests/support/gpu_device.h"

namespace hone::test {
namespace {

constexpr int kSkipped = 77;

// After a kernel that failed every test would fail: whoever asked for them starts anew with the rest.
class EndWithTheDevice : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo& test) override {
    const std::string error = GpuDevice().report();
    if (error.empty()) return;
    std::printf("The device is lost after %s.%s: %s\n", test.test_suite_name(), test.name(), error.c_str());
    std::fflush(stdout);
    std::_Exit(EXIT_FAILURE);
  }
};

// Two lines: "device: NVIDIA H200", "driver: CUDA 13.0".
void print_device() {
  const Result<kernels::cuda::DriverInfo> driver = kernels::cuda::find_driver();
  if (!driver.ok() || driver->devices.empty()) return;
  std::printf("device: %s\ndriver: CUDA %d.%d\n", driver->devices[0].name.c_str(), driver->version / 1000,
              driver->version % 1000 / 10);
}

int run(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (GTEST_FLAG_GET(list_tests)) return RUN_ALL_TESTS();
  if (const kernels::cuda::Failure failure = kernels::cuda::open_queue(0); failure.text[0] != '\0') {
    std::printf("skipped: %s\n", failure.text);
    return kSkipped;
  }
  print_device();
  testing::UnitTest::GetInstance()->listeners().Append(new EndWithTheDevice);
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace hone::test

int main(int argc, char** argv) { return hone::test::run(argc, argv); }
