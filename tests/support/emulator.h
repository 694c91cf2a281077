// A device that runs the portable kernels of kernels/cuda on the CPU, one fibre per thread, in an order that a seed
// decides, and watches what they do. A launch ends at its first fault.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <string>
#include <vector>

namespace hone::test {

enum class FaultKind {
  kOutOfBounds,       // an access outside every allocation, shared array and the thread's own stack
  kUninitializedRead, // of memory that nobody has written
  kRace,              // two threads, one of them writes, nothing orders them
  kDivergentBarrier,  // __syncthreads that not all threads of the block reach at the same place
  kWarpMismatch,      // a shuffle, vote or __syncwarp that not all lanes of its mask meet
  kBadLaunch,         // more threads, blocks or shared memory than a device has
};

struct Fault {
  FaultKind kind;
  std::string kernel;
  std::string where;  // "block (1, 0, 0), thread (37, 0, 0)"
  std::string what;
};

std::ostream& operator<<(std::ostream& out, const Fault& fault);

// Launches and the services of kernels/cuda/dialect.h go to the one device that is alive. Not for several threads.
// Device memory may be read and written by the test itself at any time, unwatched.
class EmulatedDevice {
 public:
  explicit EmulatedDevice(uint64_t seed = 0);
  ~EmulatedDevice();
  EmulatedDevice(const EmulatedDevice&) = delete;
  EmulatedDevice& operator=(const EmulatedDevice&) = delete;

  // The device's until it ends or until release. Bounds are exact to the byte.
  void* allocate(size_t bytes);  // zeroed, as a Backend's
  void* allocate_uninitialized(size_t bytes);
  void release(void* data);
  // From now on only kernels, copies and this class reach device memory: a host access of its own ends the process.
  void hide_from_host();

  template <class T>
  T* upload(const std::vector<T>& host) {
    T* data = static_cast<T*>(allocate(host.size() * sizeof(T)));
    copy(data, host.data(), host.size() * sizeof(T));
    return data;
  }
  // For results: reading an element before it is written is a fault.
  template <class T>
  T* output(int64_t count) {
    return static_cast<T*>(allocate_uninitialized(count * sizeof(T)));
  }
  template <class T>
  std::vector<T> download(const T* data, int64_t count) const {
    std::vector<T> out(static_cast<size_t>(count));
    copy(out.data(), data, out.size() * sizeof(T));
    return out;
  }
  static void copy(void* to, const void* from, size_t bytes);  // either may be device memory

  // One for each launch that failed, in order.
  const std::vector<Fault>& faults() const { return faults_; }
  // The faults as text, a line each; empty when there are none.
  std::string report() const;

  uint64_t seed() const { return seed_; }
  void add(Fault fault) { faults_.push_back(std::move(fault)); }

 private:
  const uint64_t seed_;
  std::vector<Fault> faults_;
};

}  // namespace hone::test
