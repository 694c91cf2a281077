#include "policy/memory_meter.h"

#include <sys/mman.h>

#include "base/check.h"

namespace hone::policy {
namespace {

thread_local int64_t held_bytes = 0;
thread_local bool metering = false;

// The page before the data holds the length.
constexpr size_t kHead = 4096;

void* reserve_memory(size_t bytes) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* start = ::mmap(nullptr, bytes + kHead, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  *static_cast<size_t*>(start) = bytes;
  held_bytes += static_cast<int64_t>(bytes);
  return static_cast<char*>(start) + kHead;
}

void release_memory(void* data) {
  if (!data) return;
  char* start = static_cast<char*>(data) - kHead;
  const size_t bytes = *reinterpret_cast<size_t*>(start);
  held_bytes -= static_cast<int64_t>(bytes);
  ::munmap(start, bytes + kHead);
}

}  // namespace

MemoryMeter::MemoryMeter(const kernels::Backend& backend) : backend_(backend), wide_(*backend.wide) {
  HONE_CHECK(!metering, "one meter at a time");
  metering = true;
  held_bytes = 0;
  for (kernels::Backend* b : {&backend_, &wide_}) {
    b->allocate = reserve_memory;
    b->release = release_memory;
    b->wide = &wide_;
  }
}

MemoryMeter::~MemoryMeter() { metering = false; }

int64_t MemoryMeter::bytes() const { return held_bytes; }

}  // namespace hone::policy
