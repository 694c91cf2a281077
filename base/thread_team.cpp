#include "base/thread_team.h"

#include <immintrin.h>

#include <chrono>

#include "base/check.h"

namespace hone {
namespace {

constexpr auto kSpin = std::chrono::microseconds(20);

template <class Ready>
bool spin_until(const Ready& ready) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return true;
      _mm_pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

}  // namespace

ThreadTeam::ThreadTeam(int num_threads)
    : size_(num_threads), may_spin_(num_threads <= static_cast<int>(std::thread::hardware_concurrency())) {
  HONE_CHECK_LE(1, num_threads);
  shares_ = std::make_unique<Share[]>(static_cast<size_t>(num_threads));
  for (int thread = 1; thread < size_; ++thread) threads_.emplace_back([this, thread] { loop(thread); });
}

ThreadTeam::~ThreadTeam() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    generation_.fetch_add(1);
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void ThreadTeam::run(int64_t num_tasks, const void* task, Call call) {
  task_ = task;
  call_ = call;
  for (int thread = 0; thread < size_; ++thread) {
    shares_[thread].next.store(num_tasks * thread / size_, std::memory_order_relaxed);
    shares_[thread].end = num_tasks * (thread + 1) / size_;
  }
  open_.store(true);
  {
    std::lock_guard lock(mutex_);
    generation_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  work(0);
  // Every task is taken. A thread that has not joined by now, being asleep or without a core, is not waited for. Both
  // sides write first and then read the other's variable, in one total order: a helper that saw the call open is
  // counted here.
  open_.store(false);
  const auto all_left = [this] { return helpers_.load() == 0; };
  if (may_spin_ && spin_until(all_left)) return;
  std::unique_lock lock(mutex_);
  done_.wait(lock, all_left);
}

void ThreadTeam::work(int thread) {
  for (int i = 0; i < size_; ++i) {
    Share& share = shares_[(thread + i) % size_];
    for (int64_t task; (task = share.next.fetch_add(1, std::memory_order_relaxed)) < share.end;)
      call_(task_, task, thread);
  }
}

void ThreadTeam::loop(int thread) {
  uint64_t seen = 0;
  while (true) {
    const auto changed = [&] { return generation_.load(std::memory_order_acquire) != seen; };
    if (!may_spin_ || !spin_until(changed)) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, changed);
    }
    seen = generation_.load(std::memory_order_acquire);
    if (stop_) return;
    helpers_.fetch_add(1);
    if (open_.load()) work(thread);
    if (helpers_.fetch_sub(1) == 1) {
      std::lock_guard lock(mutex_);
      done_.notify_one();
    }
  }
}

}  // namespace hone
