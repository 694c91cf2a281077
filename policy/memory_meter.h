// What objects take of a backend's memory, found by building them on one that only reserves addresses: no formula that
// would have to follow the code.
#pragma once

#include <cstdint>

#include "kernels/backend.h"

namespace hone::policy {

// One at a time in a thread; objects on its backend must not outlive it, nor be computed with beyond a few pages.
class MemoryMeter {
 public:
  explicit MemoryMeter(const kernels::Backend& backend);
  ~MemoryMeter();
  MemoryMeter(const MemoryMeter&) = delete;
  MemoryMeter& operator=(const MemoryMeter&) = delete;

  const kernels::Backend& backend() const { return backend_; }
  // Bytes that are allocated and not released.
  int64_t bytes() const;

 private:
  kernels::Backend backend_, wide_;
};

}  // namespace hone::policy
