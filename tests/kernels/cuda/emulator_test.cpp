// The emulator finds the mistakes planted in small kernels, and finds none where there is none.
#include "tests/support/emulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kernels/cuda/planted.h"

namespace hone::test {
namespace {

TEST(Emulator, FindsWhatIsPlantedInEveryOrderAndNothingElse) {
  for (const Planted& p : planted())
    for (uint64_t seed = 0; seed < 20; ++seed) {
      SCOPED_TRACE(testing::Message() << p.name << ", seed " << seed);
      EmulatedDevice device(seed);
      p.launch(device);
      if (!p.fault) {
        ASSERT_EQ(device.report(), "");
        continue;
      }
      ASSERT_EQ(device.faults().size(), 1u);
      ASSERT_EQ(device.faults()[0].kind, *p.fault) << device.report();
      ASSERT_THAT(device.report(), testing::HasSubstr(p.says));
    }
}

}  // namespace
}  // namespace hone::test
