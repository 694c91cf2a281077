#include "base/thread_team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace hone {
namespace {

TEST(ThreadTeam, EveryTaskRunsOnceInEveryOfManyCalls) {
  ThreadTeam team(3);
  for (int call = 0; call < 5000; ++call) {
    std::vector<std::atomic<int>> runs(1 + call % 7);
    team.parallel_for(static_cast<int64_t>(runs.size()), [&](int64_t i, int) { runs[static_cast<size_t>(i)]++; });
    for (const auto& count : runs) ASSERT_EQ(count, 1) << "call " << call;
  }
}

TEST(ThreadTeam, ResultsOfAllTasksAreSeenByTheCaller) {
  ThreadTeam team(2);
  std::vector<int64_t> squares(64);
  for (int call = 0; call < 5000; ++call) {
    team.parallel_for(64, [&](int64_t i, int) { squares[static_cast<size_t>(i)] = i * i + call; });
    for (int64_t i = 0; i < 64; ++i) ASSERT_EQ(squares[static_cast<size_t>(i)], i * i + call);
  }
}

TEST(ThreadTeam, ThreadsThatSleepWakeUpForWork) {
  ThreadTeam team(2);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  std::atomic<int> inside{0};
  // Each task waits for the other one, so both threads are needed.
  team.parallel_for(2, [&](int64_t, int) {
    inside++;
    while (inside < 2) std::this_thread::yield();
  });
  EXPECT_EQ(inside, 2);
}

}  // namespace
}  // namespace hone
