#include "tests/support/emulator_memory.h"

#include <sys/mman.h>

#include <cstring>
#include <iterator>

#include "base/check.h"

namespace hone::test {
namespace {

// Addresses whose pages come, zeroed, when they are touched.
template <class T>
T* reserve(size_t count) {
  void* data =
      mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  HONE_CHECK(data != MAP_FAILED, count * sizeof(T), " bytes of addresses");
  return static_cast<T*>(data);
}

}  // namespace

DeviceMemory::DeviceMemory()
    : base_(reserve<char>(kBytes)), states_(reserve<uint8_t>(kBytes)), histories_(reserve<ByteHistory>(kBytes)) {}

void DeviceMemory::set_accessible(bool accessible) {
  HONE_CHECK_EQ(mprotect(base_, kBytes, accessible ? PROT_READ | PROT_WRITE : PROT_NONE), 0);
}

DeviceMemory::~DeviceMemory() {
  munmap(base_, kBytes);
  munmap(states_, kBytes);
  munmap(histories_, kBytes * sizeof(ByteHistory));
}

void* DeviceMemory::take(size_t& used, size_t end, size_t bytes, State state) {
  const size_t offset = (used + kAlign - 1) / kAlign * kAlign;
  HONE_CHECK_LE(offset + bytes + kRedZone, end);
  used = offset + bytes + kRedZone;
  std::memset(states_ + offset, state, bytes);
  allocations_[offset] = bytes;
  return base_ + offset;
}

void* DeviceMemory::allocate(size_t bytes, bool initialized) {
  return take(used_, kBytes, bytes, initialized ? kInitialized : kAllocated);
}

void* DeviceMemory::allocate_shared(size_t bytes) { return take(shared_used_, kShared, bytes, kAllocated); }

void DeviceMemory::release(void* data) {
  const auto found = allocations_.find(offset_of(data));
  HONE_CHECK(found != allocations_.end(), "not an allocation");
  std::memset(states_ + found->first, kNone, found->second);
  allocations_.erase(found);
}

void DeviceMemory::begin_launch() { interval_.launch = ++interval_.now; }

void DeviceMemory::begin_block() {
  interval_.block = ++interval_.now;
  std::memset(states_, kNone, shared_used_);
  shared_used_ = kRedZone;
  allocations_.erase(allocations_.begin(), allocations_.lower_bound(kShared));
}

DeviceMemory::Outcome DeviceMemory::access(const void* address, size_t bytes, Access access, const Accessor& who) {
  const size_t first = offset_of(address);
  Interval at = interval_;
  if (first < kShared) at.launch = at.block;  // other blocks have shared memory of their own
  for (faulty_ = first; faulty_ < first + bytes; ++faulty_) {
    uint8_t& state = states_[faulty_];
    if (state == kNone) return Outcome::kOutOfBounds;
    if (access != Access::kWrite && state != kInitialized) return Outcome::kUninitialized;
    state = kInitialized;
    if (const AccessGroup* opponent = histories_[faulty_].note(access, who, at)) {
      opponent_ = *opponent;
      if (opponent_.interval < at.block) opponent_.flags |= AccessGroup::kOtherBlocks;
      return Outcome::kRace;
    }
  }
  return Outcome::kFine;
}

std::string DeviceMemory::relation() const {
  const auto name = [](const auto& allocation) {
    return str(allocation.first < kShared ? "a shared array of " : "an allocation of ", allocation.second, " bytes");
  };
  const auto next = allocations_.upper_bound(faulty_);
  if (next != allocations_.begin()) {
    const auto before = std::prev(next);
    const size_t end = before->first + before->second;
    if (faulty_ < end) return str(faulty_ - before->first, " bytes into ", name(*before));
    if (next == allocations_.end() || faulty_ - end < next->first - faulty_)
      return str(faulty_ - end, " bytes after ", name(*before));
  }
  if (next == allocations_.end()) return "in no allocation";
  return str(next->first - faulty_, " bytes before ", name(*next));
}

}  // namespace hone::test
