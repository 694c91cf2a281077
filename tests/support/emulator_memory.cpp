#include "tests/support/emulator_memory.h"

#include <sys/mman.h>

#include <iterator>

#include "base/check.h"

namespace hone::test {
namespace {

char* reserve(size_t bytes) {
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  HONE_CHECK(data != MAP_FAILED, bytes, " bytes of addresses");
  return static_cast<char*>(data);
}

}  // namespace

DeviceMemory::DeviceMemory() : base_(reserve(kBytes)), states_(reinterpret_cast<uint8_t*>(reserve(kBytes))) {}

DeviceMemory::~DeviceMemory() {
  munmap(base_, kBytes);
  munmap(states_, kBytes);
}

void* DeviceMemory::allocate(size_t bytes, size_t align, bool initialized) {
  used_ = (used_ + align - 1) / align * align;
  HONE_CHECK_LT(used_ + bytes + kRedZone, kBytes);
  char* data = base_ + used_;
  std::memset(states_ + used_, initialized ? kInitialized : kAllocated, bytes);
  allocations_[data] = bytes;
  used_ += bytes + kRedZone;
  return data;
}

void DeviceMemory::release(void* data) {
  const auto found = allocations_.find(static_cast<char*>(data));
  HONE_CHECK(found != allocations_.end(), "not an allocation");
  std::memset(states_ + (found->first - base_), kNone, found->second);
  allocations_.erase(found);
}

DeviceMemory::Verdict DeviceMemory::access(const void* address, size_t bytes, bool write) {
  uint8_t* state = states_ + (static_cast<const char*>(address) - base_);
  for (size_t i = 0; i < bytes; ++i) {
    if (state[i] == kNone) return {FaultKind::kOutOfBounds, relation(static_cast<const char*>(address) + i)};
    if (write) state[i] = kInitialized;
    if (state[i] != kInitialized)
      return {FaultKind::kUninitializedRead, relation(static_cast<const char*>(address) + i)};
  }
  return {};
}

std::string DeviceMemory::relation(const void* address) const {
  const char* at = static_cast<const char*>(address);
  const auto next = allocations_.upper_bound(at);
  if (next != allocations_.begin()) {
    const auto& [data, bytes] = *std::prev(next);
    if (at < data + bytes) return str(at - data, " bytes into an allocation of ", bytes, " bytes");
    if (next == allocations_.end() || at - (data + bytes) < next->first - at)
      return str(at - (data + bytes), " bytes after an allocation of ", bytes, " bytes");
  }
  if (next == allocations_.end()) return "in no allocation";
  return str(next->first - at, " bytes before an allocation of ", next->second, " bytes");
}

}  // namespace hone::test
