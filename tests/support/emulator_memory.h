// Memory of the emulated device, with what is known of each byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "tests/support/emulator.h"

namespace hone::test {

// One range of addresses for all allocations; addresses are not used twice, so that stale pointers are seen.
class DeviceMemory {
 public:
  DeviceMemory();
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  void* allocate(size_t bytes, size_t align, bool initialized);
  void release(void* data);

  bool contains(const void* address) const { return static_cast<size_t>(static_cast<const char*>(address) - base_) < kBytes; }
  // What is wrong with an access, kind and text; nothing: an empty text.
  struct Verdict {
    FaultKind kind = FaultKind::kOutOfBounds;
    std::string what;
  };
  // Notes a write.
  Verdict access(const void* address, size_t bytes, bool write);
  // "4 bytes after an allocation of 128 bytes"
  std::string relation(const void* address) const;

 private:
  static constexpr size_t kBytes = size_t{1} << 34, kRedZone = 1024;
  enum State : uint8_t { kNone, kAllocated, kInitialized };

  char* base_;
  uint8_t* states_;  // of each byte
  size_t used_ = kRedZone;
  std::map<const char*, size_t> allocations_;
};

}  // namespace hone::test
