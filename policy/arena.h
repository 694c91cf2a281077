// A piece of a backend's memory, owned.
#pragma once

#include <memory>

#include "base/check.h"
#include "kernels/backend.h"

namespace hone::policy {

// `count` elements of the backend's dtype, or of another, zero at first. Out of memory aborts with the size: arenas
// are sized by the plan before a run starts.
class Arena {
 public:
  Arena() = default;
  Arena(const kernels::Backend& backend, int64_t count) : Arena(backend, count, backend.dtype) {}
  Arena(const kernels::Backend& backend, int64_t count, kernels::DType dtype)
      : count_(count),
        width_(static_cast<int64_t>(kernels::size_of(dtype))),
        data_(backend.allocate(static_cast<size_t>(count) * width_), backend.release) {
    HONE_CHECK(data_ != nullptr, "no memory for ", count, " elements");
  }

  int64_t size() const { return count_; }
  size_t bytes() const { return static_cast<size_t>(count_) * width_; }
  void* at(int64_t element) const { return static_cast<char*>(data_.get()) + element * width_; }

 private:
  int64_t count_ = 0;
  int64_t width_ = 4;
  std::unique_ptr<void, void (*)(void*)> data_{nullptr, nullptr};
};

}  // namespace hone::policy
