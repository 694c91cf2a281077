// The GPU that kernels::cuda::open_queue has taken, with the interface of EmulatedDevice. Not for several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace hone::test {

// Its memory is the GPU's: the host reads and writes it through upload and download only.
class GpuDevice {
 public:
  explicit GpuDevice(uint64_t = 0) {}  // an emulator's seed; here the GPU decides the order
  ~GpuDevice();
  GpuDevice(const GpuDevice&) = delete;
  GpuDevice& operator=(const GpuDevice&) = delete;

  // The device's until it ends or until release.
  void* allocate(size_t bytes);  // zeroed, by the plug-in's Backend::allocate
  // Every byte is 0xFF, which makes a float or bf16 NaN: what no kernel has written is seen in the result. With
  // HONE_TEST_RAW_MEMORY in the environment nothing is written, so that initcheck of compute-sanitizer sees it.
  void* allocate_uninitialized(size_t bytes);
  void release(void* data);

  template <class T>
  T* upload(const std::vector<T>& host) {
    static_assert(std::is_trivially_copyable_v<T>);
    T* data = static_cast<T*>(allocate(host.size() * sizeof(T)));
    copy_in(data, host.data(), host.size() * sizeof(T));
    return data;
  }
  template <class T>
  T* output(int64_t count) {
    return static_cast<T*>(allocate_uninitialized(count * sizeof(T)));
  }
  template <class T>
  std::vector<T> download(const T* data, int64_t count) const {
    static_assert(std::is_trivially_copyable_v<T>);
    std::vector<T> host(count);
    copy_out(host.data(), data, count * sizeof(T));
    return host;
  }

  // Waits for the queue. What CUDA says of work that failed; empty when all went well. A kernel that failed leaves no
  // usable device to this process.
  std::string report() const;

 private:
  static void copy_in(void* device, const void* host, size_t bytes);
  static void copy_out(void* host, const void* device, size_t bytes);

  std::vector<void*> allocations_;
};

}  // namespace hone::test
