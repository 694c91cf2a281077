#include "kernels/cuda/queue.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/check.h"
#include "kernels/cuda/dialect.h"

namespace hone::kernels::cuda {
namespace {

void check(cudaError_t code, const char* what) {
  HONE_CHECK(code == cudaSuccess, what, ": ", cudaGetErrorString(code));
}

// Memory that is handed out in a circle. Work on the queue is done in order, so a piece may be written again by later
// work while earlier work that reads it still waits: the copy waits too. One operator must not come round to its own
// pieces, so a request of more than an eighth of the circle makes a new one, eight times the request; what is too small
// stays until the end, for operators under way may read it.
class Circle {
 public:
  void* take(size_t bytes) {
    constexpr size_t kAlign = 256, kShare = 8, kLeast = size_t{1} << 24;
    bytes = (bytes + kAlign - 1) / kAlign * kAlign;
    if (bytes * kShare > size_) replace(std::max(bytes * kShare, kLeast));
    if (next_ + bytes > size_) next_ = 0;
    return data_ + std::exchange(next_, next_ + bytes);
  }

 private:
  void replace(size_t size) {
    void* data = nullptr;
    check(cudaMalloc(&data, size), "device memory for a moment");
    data_ = static_cast<char*>(data);
    size_ = size;
    next_ = 0;
  }

  char* data_ = nullptr;
  size_t size_ = 0, next_ = 0;
};

struct Queue {
  int device = -1;
  cudaStream_t stream = nullptr;
  Circle circle;
};

Queue& queue() {
  static Queue one;
  return one;
}

template <class... Args>
Failure failure(const char* format, Args... args) {
  Failure out{};
  std::snprintf(out.text, sizeof out.text, format, args...);
  return out;
}

// Code for 8.0 runs on 8.6 and 8.9; code for 9.0a on 9.0 alone (CUDA Programming Guide, "Compute Capabilities").
bool runs_on(int architecture, bool is_specific, int major, int minor) {
  return architecture / 10 == major && (is_specific ? architecture % 10 == minor : architecture % 10 <= minor);
}

// HONE_CUDA_ARCHITECTURES: "80,90a,100".
bool has_code_for(int major, int minor) {
  const char* at = HONE_CUDA_ARCHITECTURES;
  while (*at != '\0') {
    char* end = nullptr;
    const int architecture = static_cast<int>(std::strtol(at, &end, 10));
    if (runs_on(architecture, *end == 'a', major, minor)) return true;
    at = end;
    while (*at != '\0' && (*at < '0' || *at > '9')) ++at;
  }
  return false;
}

Failure take_device(int device) {
  int driver = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0)
    return failure("no CUDA driver on this machine; install NVIDIA's driver, release 580 or later");
  cudaDeviceProp properties{};
  if (const cudaError_t code = cudaGetDeviceProperties(&properties, device); code != cudaSuccess)
    return failure("CUDA device %d cannot be used: %s", device, cudaGetErrorString(code));
  if (!has_code_for(properties.major, properties.minor))
    return failure("the CUDA plug-in has code for %s, and %s needs %d%d; ./hone build --cuda on that machine builds it",
                   HONE_CUDA_ARCHITECTURES, properties.name, properties.major, properties.minor);
  for (const cudaError_t code : {cudaSetDevice(device),
                                 cudaStreamCreateWithFlags(&queue().stream, cudaStreamNonBlocking)})
    if (code != cudaSuccess) return failure("CUDA device %d cannot be used: %s", device, cudaGetErrorString(code));
  queue().device = device;
  return {};
}

}  // namespace

Failure open_queue(int device) {
  if (queue().device == device) return {};
  if (queue().device >= 0) return failure("this process computes on CUDA device %d already", queue().device);
  return take_device(device);
}

MemorySize device_memory() {
  size_t available = 0, total = 0;
  check(cudaMemGetInfo(&available, &total), "asking for the device's memory");
  return {static_cast<int64_t>(total), static_cast<int64_t>(available)};
}

void* device_allocate(size_t bytes) {
  void* data = nullptr;
  if (cudaMalloc(&data, std::max<size_t>(bytes, 1)) != cudaSuccess) {
    (void)cudaGetLastError();  // else the next launch would report it
    return nullptr;
  }
  check(cudaMemsetAsync(data, 0, bytes, queue().stream), "zeroing device memory");
  return data;
}

void device_release(void* data) {
  check(cudaStreamSynchronize(queue().stream), "waiting for the device");
  check(cudaFree(data), "releasing device memory");
}

void device_write(void* to, const void* from, size_t bytes, const Stream&) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, queue().stream), "copying to the device");
}

void device_read(void* to, const void* from, size_t bytes, const Stream& stream) {
  download_bytes(stream, to, from, bytes);
}

cudaStream_t queue_of(const Stream&) { return queue().stream; }

void* upload_bytes(const Stream&, const void* host, size_t bytes) {
  void* const data = queue().circle.take(bytes);
  check(cudaMemcpyAsync(data, host, bytes, cudaMemcpyHostToDevice, queue().stream), "copying to the device");
  return data;
}

void* scratch_bytes(const Stream&, size_t bytes) { return queue().circle.take(bytes); }

void download_bytes(const Stream&, void* host, const void* device, size_t bytes) {
  check(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, queue().stream), "copying from the device");
  check(cudaStreamSynchronize(queue().stream), "waiting for the device");
}

}  // namespace hone::kernels::cuda
