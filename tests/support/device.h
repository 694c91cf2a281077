// The device that the tests of tests/kernels/cuda run on: the emulator, or a GPU in gpu_test. They touch its memory
// through it alone.
#pragma once

#ifdef HONE_TEST_ON_GPU
#include "tests/support/gpu_device.h"
#else
#include "tests/support/emulator.h"
#endif

namespace hone::test {

#ifdef HONE_TEST_ON_GPU
using Device = GpuDevice;
#else
using Device = EmulatedDevice;
#endif

}  // namespace hone::test
