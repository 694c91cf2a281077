// A piece of a backend's memory, owned.
#pragma once

#include <memory>
#include <span>

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

// Plain values in a backend's memory that the host makes or wants to know: tokens, indices, requests.
template <class T>
class DeviceArray {
 public:
  T* data() const { return static_cast<T*>(data_.get()); }

  // Room for count values; what was there is lost where it grows.
  void reserve(const kernels::Backend& backend, size_t count) {
    if (count <= count_) return;
    data_ = {backend.allocate(count * sizeof(T)), backend.release};
    HONE_CHECK(data_ != nullptr, "no memory for ", count, " values");
    count_ = count;
  }
  const T* write(const kernels::Backend& backend, std::span<const T> values, const kernels::Stream& stream) {
    reserve(backend, values.size());
    backend.write(data_.get(), values.data(), values.size_bytes(), stream);
    return data();
  }
  // Requires values.size() to be reserved.
  void read(const kernels::Backend& backend, std::span<T> values, const kernels::Stream& stream) const {
    backend.read(values.data(), data_.get(), values.size_bytes(), stream);
  }

 private:
  size_t count_ = 0;
  std::unique_ptr<void, void (*)(void*)> data_{nullptr, nullptr};
};

}  // namespace hone::policy
