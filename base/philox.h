// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC'11): random numbers as a
// pure function of (key, counter). hone has no other source of randomness, so there is no random state to save and no
// dependence on the order in which numbers are drawn.
#pragma once

#include <array>
#include <cstdint>

namespace hone {

// What a key is for: streams of different purposes never overlap.
enum class Purpose : uint32_t { kInit = 1, kShuffle = 2, kTask = 3, kToken = 4, kEval = 5 };

using PhiloxCounter = std::array<uint32_t, 4>;

constexpr PhiloxCounter philox4x32(uint64_t key, PhiloxCounter counter) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * counter[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<uint32_t>(p1 >> 32) ^ counter[1] ^ k0, static_cast<uint32_t>(p1),
               static_cast<uint32_t>(p0 >> 32) ^ counter[3] ^ k1, static_cast<uint32_t>(p0)};
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return counter;
}

// SplitMix64's finalizer over the three parts in turn: the key of one stream.
constexpr uint64_t mix64(uint64_t seed, uint64_t stage, Purpose purpose) {
  uint64_t h = 0;
  for (uint64_t part : {seed, stage, static_cast<uint64_t>(purpose)}) {
    h += part + 0x9E3779B97F4A7C15ull;
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9ull;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBull;
    h ^= h >> 31;
  }
  return h;
}

// Draws one after another from the stream (key, item): item is for example the row of a corpus or the serial of a
// group.
class PhiloxStream {
 public:
  PhiloxStream(uint64_t key, uint64_t item) : key_(key), item_(item) {}

  uint32_t next() {
    if (used_ == 4) {
      block_ = philox4x32(key_, {draws_++, 0, static_cast<uint32_t>(item_), static_cast<uint32_t>(item_ >> 32)});
      used_ = 0;
    }
    return block_[used_++];
  }

  // Uniform in [0, n), n >= 1, without bias (Lemire, "Fast random integer generation in an interval", 2019).
  uint32_t below(uint32_t n) {
    uint64_t product = uint64_t{next()} * n;
    if (static_cast<uint32_t>(product) < n) {
      const uint32_t threshold = -n % n;
      while (static_cast<uint32_t>(product) < threshold) product = uint64_t{next()} * n;
    }
    return static_cast<uint32_t>(product >> 32);
  }

  // Uniform in [0, 1) with 32 random bits.
  double uniform() { return next() * 0x1p-32; }

 private:
  uint64_t key_, item_;
  uint32_t draws_ = 0;
  PhiloxCounter block_{};
  int used_ = 4;
};

}  // namespace hone
