// Races: what the emulator remembers of the accesses to each byte. Two accesses by different threads race when one of
// them writes, not both are atomic, and nothing orders them: __syncthreads between threads of a block, __syncwarp
// between lanes of a warp, the end of the launch between blocks. Found whatever order the threads happened to run in.
// The method is FastTrack's (Flanagan and Freund, PLDI 2009): of earlier accesses only those are kept that a later one
// is not already ordered behind.
#pragma once

#include <bit>
#include <cstdint>

namespace hone::test {

enum class Access { kRead, kWrite, kAtomic };

// The thread that accesses. A warp's time counts its __syncwarp since the last __syncthreads; what lane l did before
// known[l] is ordered before what this thread does now.
struct Accessor {
  uint8_t warp, lane;
  uint16_t time;
  const uint16_t* known;  // [32]
};

// Intervals between barriers are numbered through all launches: those of the launch, of the block, and the one now.
struct Interval {
  uint32_t launch, block, now;
};

// Accesses that are not ordered among each other: lanes of one warp within one interval, or more than that.
struct AccessGroup {
  uint32_t interval = 0, lanes = 0;
  uint16_t time = 0;
  uint8_t warp = 0, flags = 0;
  enum Flag : uint8_t { kAtomic = 1, kSeveralWarps = 2, kOtherBlocks = 4 };

  bool is_before(const Accessor& who, const Interval& at) const {
    if (interval < at.launch) return true;
    if (flags & kOtherBlocks || interval < at.block) return false;
    if (interval < at.now) return true;
    return !(flags & kSeveralWarps) && warp == who.warp && !unknown_lanes(who);
  }

  void set(const Accessor& who, const Interval& at) {
    *this = {at.now, uint32_t{1} << who.lane, who.time, who.warp, 0};
  }

  bool is_only(const Accessor& who, const Interval& at) const {
    return interval == at.now && lanes == uint32_t{1} << who.lane && warp == who.warp && time == who.time && !flags;
  }

  // Beside those that `who` is not ordered behind.
  void add(const Accessor& who, const Interval& at, bool atomic) {
    const AccessGroup before = *this;
    set(who, at);
    flags = atomic ? kAtomic : 0;
    if (before.interval < at.launch) return;
    if (before.flags & kOtherBlocks || before.interval < at.block) flags |= kOtherBlocks;
    if (before.interval < at.now) return;
    flags |= before.flags & kSeveralWarps;
    if (!(before.flags & kAtomic)) flags &= ~kAtomic;
    if (before.warp == who.warp)
      lanes |= before.unknown_lanes(who);
    else
      flags |= kSeveralWarps;
  }

 private:
  uint32_t unknown_lanes(const Accessor& who) const {
    uint32_t unknown = 0;
    for (uint32_t left = lanes & ~(uint32_t{1} << who.lane); left; left &= left - 1)
      if (who.known[std::countr_zero(left)] <= time) unknown |= left & -left;
    return unknown;
  }
};

// Of one byte.
struct ByteHistory {
  AccessGroup writes, reads;

  // The earlier accesses that race with this one; none: nullptr, and the access is noted.
  const AccessGroup* note(Access access, const Accessor& who, const Interval& at) {
    if (access == Access::kRead && reads.is_only(who, at)) return nullptr;
    const bool both_atomic = access == Access::kAtomic && writes.flags & AccessGroup::kAtomic;
    if (!both_atomic && !writes.is_before(who, at)) return &writes;
    if (access == Access::kRead) {
      reads.add(who, at, false);
      return nullptr;
    }
    if (!reads.is_before(who, at)) return &reads;
    if (access == Access::kAtomic) {
      writes.add(who, at, true);
    } else {
      writes.set(who, at);
      reads = {};
    }
    return nullptr;
  }
};

}  // namespace hone::test
