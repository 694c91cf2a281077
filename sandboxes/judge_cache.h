// Values that are expensive to make, by key. A key that is being made is waited for, not made again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <mutex>

#include "base/hash.h"

namespace hone::sandboxes {

// Keeps values of `capacity` together, the sum of what their makers say; the longest unused goes first. Threads share
// it.
template <class Value>
class OnceCache {
 public:
  struct Made {
    Value value;
    int64_t size = 0;  // below 0: for those who wait now, not to be kept
  };

  explicit OnceCache(int64_t capacity) : capacity_(capacity) {}

  // Runs `make` in the calling thread, without a lock, when no other has.
  Value get(const Digest& key, const std::function<Made()>& make) {
    std::promise<Value> promise;
    {
      std::unique_lock lock(mutex_);
      if (const auto found = entries_.find(key); found != entries_.end()) {
        order_.splice(order_.end(), order_, found->second.place);
        const std::shared_future<Value> value = found->second.value;
        lock.unlock();
        return value.get();
      }
      entries_[key] = {promise.get_future().share(), order_.insert(order_.end(), key)};
    }
    Made made = make();
    promise.set_value(made.value);
    settle(key, made.size);
    return std::move(made.value);
  }

  // Forgets all; what is being made now is forgotten when it is done.
  void clear() {
    const std::lock_guard lock(mutex_);
    entries_.clear();
    order_.clear();
    size_ = 0;
  }

 private:
  struct Entry {
    std::shared_future<Value> value;
    std::list<Digest>::iterator place;
    int64_t size = -1;  // below 0: being made
  };

  void settle(const Digest& key, int64_t size) {
    const std::lock_guard lock(mutex_);
    const auto made = entries_.find(key);
    if (made == entries_.end() || made->second.size >= 0) return;
    if (size < 0) return remove(made);
    made->second.size = size;
    size_ += size;
    for (auto place = order_.begin(); place != order_.end() && size_ > capacity_;) {
      const auto oldest = entries_.find(*place++);
      if (oldest->second.size >= 0) remove(oldest);
    }
  }

  void remove(typename std::map<Digest, Entry>::iterator entry) {
    size_ -= std::max<int64_t>(entry->second.size, 0);
    order_.erase(entry->second.place);
    entries_.erase(entry);
  }

  const int64_t capacity_;
  std::mutex mutex_;
  std::map<Digest, Entry> entries_;
  std::list<Digest> order_;  // the longest unused first
  int64_t size_ = 0;
};

}  // namespace hone::sandboxes
