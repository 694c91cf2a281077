#include "tests/support/gpu_device.h"

#include <algorithm>
#include <cstdlib>

#include "base/check.h"
#include "kernels/cuda/dialect.h"
#include "kernels/cuda/queue.h"

namespace hone::test {
namespace {

cudaStream_t queue() { return kernels::cuda::queue_of({}); }

void check(cudaError_t code, const char* what) {
  HONE_CHECK(code == cudaSuccess, what, ": ", cudaGetErrorString(code));
}

}  // namespace

GpuDevice::~GpuDevice() {
  if (!report().empty()) return;  // nothing can be released any more
  for (void* data : allocations_) kernels::cuda::device_release(data);
}

void* GpuDevice::allocate(size_t bytes) {
  allocations_.push_back(kernels::cuda::device_allocate(bytes));
  HONE_CHECK(allocations_.back(), "no device memory for ", bytes, " bytes");
  return allocations_.back();
}

void* GpuDevice::allocate_uninitialized(size_t bytes) {
  void* data = nullptr;
  check(cudaMalloc(&data, std::max<size_t>(bytes, 1)), "allocating device memory");
  allocations_.push_back(data);
  if (std::getenv("HONE_TEST_RAW_MEMORY") == nullptr)
    check(cudaMemsetAsync(data, 0xFF, bytes, queue()), "filling device memory");
  return data;
}

void GpuDevice::release(void* data) {
  if (data == nullptr) return;
  HONE_CHECK(std::erase(allocations_, data) == 1, "not an allocation of this device");
  kernels::cuda::device_release(data);
}

std::string GpuDevice::report() const {
  const cudaError_t code = cudaStreamSynchronize(queue());
  return code == cudaSuccess ? "" : cudaGetErrorString(code);
}

void GpuDevice::copy_in(void* device, const void* host, size_t bytes) {
  check(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, queue()), "copying to the device");
}

void GpuDevice::copy_out(void* host, const void* device, size_t bytes) {
  kernels::cuda::download_bytes({}, host, device, bytes);
}

}  // namespace hone::test
