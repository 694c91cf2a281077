// The one team of threads that computes. Made in main and handed down; graders have threads of their own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace hone {

// A fixed number of threads, the caller among them. Tasks are numbered; which thread runs which is open, so a task must
// write only what belongs to its number: results are then equal for every team size.
// One thread at a time may call parallel_for; calls do not nest.
class ThreadTeam {
 public:
  explicit ThreadTeam(int num_threads);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return size_; }

  // Runs task(index, thread) for index in [0, num_tasks), thread in [0, size()). Returns when all are done.
  template <class Task>
  void parallel_for(int64_t num_tasks, const Task& task) {
    if (num_tasks <= 0) return;
    if (size_ == 1 || num_tasks == 1) {
      for (int64_t i = 0; i < num_tasks; ++i) task(i, 0);
      return;
    }
    run(num_tasks, &task, [](const void* t, int64_t i, int thread) { (*static_cast<const Task*>(t))(i, thread); });
  }

 private:
  using Call = void (*)(const void* task, int64_t index, int thread);
  void run(int64_t num_tasks, const void* task, Call call);
  void work(int thread);
  void loop(int thread);

  const int size_;
  const bool may_spin_;  // spinning steals time from the thread waited for when threads outnumber cores
  // Tasks [next, end) that a thread takes first. A thread whose own are done takes those of the others: equal calls one
  // after another find what they touch in the same core's cache.
  struct Share {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };
  std::unique_ptr<Share[]> shares_;
  std::atomic<uint64_t> generation_{0};  // of calls
  std::atomic<bool> open_{false};  // the call under way still takes helpers
  std::atomic<int> helpers_{0};    // threads that have joined, or look whether they still can
  std::atomic<bool> stop_{false};
  const void* task_ = nullptr;
  Call call_ = nullptr;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> threads_;
};

}  // namespace hone
