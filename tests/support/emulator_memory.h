// Memory of the emulated device, with what is known of each byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "tests/support/emulator_shadow.h"

namespace hone::test {

// One range of addresses: first shared memory, given anew to every block, then allocations, whose addresses are not
// used twice, so that stale pointers are seen.
class DeviceMemory {
 public:
  DeviceMemory();
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  void* allocate(size_t bytes, bool initialized);
  void release(void* data);
  void* allocate_shared(size_t bytes);

  void set_accessible(bool accessible);  // to this process; at first it is

  void begin_launch();
  void begin_block();    // shared memory is empty again
  void pass_barrier() { ++interval_.now; }

  bool contains(const void* address) const { return offset_of(address) < kBytes; }
  enum class Outcome { kFine, kOutOfBounds, kUninitialized, kRace };
  Outcome access(const void* address, size_t bytes, Access access, const Accessor& who);
  // Of the last access that was not fine: "4 bytes after an allocation of 128 bytes".
  std::string relation() const;
  // Of the last race, the other side.
  const AccessGroup& opponent() const { return opponent_; }

 private:
  static constexpr size_t kBytes = size_t{1} << 32, kShared = size_t{1} << 20, kAlign = 256, kRedZone = 1024;
  enum State : uint8_t { kNone, kAllocated, kInitialized };

  size_t offset_of(const void* address) const { return static_cast<size_t>(static_cast<const char*>(address) - base_); }
  void* take(size_t& used, size_t end, size_t bytes, State state);

  char* base_;
  uint8_t* states_;         // of each byte
  ByteHistory* histories_;  // of each byte
  size_t used_ = kShared + kRedZone, shared_used_ = kRedZone;
  std::map<size_t, size_t> allocations_;  // offset, bytes
  Interval interval_{1, 1, 1};
  size_t faulty_ = 0;  // offset
  AccessGroup opponent_;
};

}  // namespace hone::test
