// The host's side of the dialect: extents of launches and services of the device. Included by dialect.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/backend.h"

namespace hone::kernels::cuda {

inline constexpr int kWarp = 32;

// Extent of a grid in blocks, or of a block in threads.
struct Dim3 {
  int64_t x, y, z;
  constexpr Dim3(int64_t x, int64_t y = 1, int64_t z = 1) : x(x), y(y), z(z) {}
  constexpr bool empty() const { return x == 0 || y == 0 || z == 0; }
};

constexpr int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Services of the device to the host part of an operator. Memory that they hand out belongs to the stream: it lives
// until the launches of the operator that asked for it are done. bytes may be 0.
void* upload_bytes(const Stream& stream, const void* host, size_t bytes);  // a copy; host may be reused at once
void* scratch_bytes(const Stream& stream, size_t bytes);                   // not initialized, aligned to 256 bytes
void download_bytes(const Stream& stream, void* host, const void* device, size_t bytes);  // waits for the stream

template <class T>
const T* upload(const Stream& stream, const T* host, int64_t count) {
  static_assert(std::is_trivially_copyable_v<T>);
  return static_cast<const T*>(upload_bytes(stream, host, count * sizeof(T)));
}

template <class T>
T* scratch(const Stream& stream, int64_t count) {
  return static_cast<T*>(scratch_bytes(stream, count * sizeof(T)));
}

template <class T>
void download(const Stream& stream, T* host, const T* device, int64_t count) {
  static_assert(std::is_trivially_copyable_v<T>);
  download_bytes(stream, host, device, count * sizeof(T));
}

}  // namespace hone::kernels::cuda
