// What the CPU implementations share. Everything here is a template on the vector type: each instruction set is
// compiled in its own file, and a plain inline function would be merged by the linker across them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/thread_team.h"
#include "kernels/backend.h"

namespace hone::kernels {

// kernels/cpu.cpp, kernels/cpu_memory.cpp: shared by all CPU tables.
MemorySize cpu_memory();
void* cpu_allocate(size_t bytes);
void cpu_release(void* data);
void cpu_copy(void* to, const void* from, size_t bytes, const Stream&);  // Backend::write and Backend::read

template <class V>
constexpr int64_t div_up(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// Scratch of the calling thread: grows to the largest size asked for and stays. Each Tag is a separate piece.
template <class V, int Tag>
typename V::T* scratch(int64_t count) {
  static thread_local struct Buffer {
    void* data = nullptr;
    int64_t size = 0;
    ~Buffer() { std::free(data); }
  } buffer;
  if (buffer.size < count) {
    std::free(buffer.data);
    buffer.size = div_up<V>(count, 64) * 64;
    buffer.data = std::aligned_alloc(64, buffer.size * sizeof(typename V::T));
    if (!buffer.data) std::abort();
  }
  return static_cast<typename V::T*>(buffer.data);
}

// Rows of `cols` elements in tasks of about 16K elements: enough work to pay for handing it out.
template <class V, class Task>
void for_row_chunks(ThreadTeam& team, int64_t rows, int64_t cols, const Task& task) {
  int64_t chunk = 16384 / (cols > 0 ? cols : 1);
  if (chunk < 1) chunk = 1;
  team.parallel_for(div_up<V>(rows, chunk), [&](int64_t i, int) {
    const int64_t begin = i * chunk, end = begin + chunk < rows ? begin + chunk : rows;
    task(begin, end);
  });
}

// Calls body(i, n) for i = 0, W, 2W, ... with n = lanes in use.
template <class V, class Body>
inline void for_lanes(int64_t count, const Body& body) {
  int64_t i = 0;
  for (; i + V::kWidth <= count; i += V::kWidth) body(i, V::kWidth);
  if (i < count) body(i, static_cast<int>(count - i));
}

template <class V>
inline V load_lanes(const typename V::T* p, int n) {
  return n == V::kWidth ? V::load(p) : V::load_n(p, n);
}

template <class V>
inline void store_lanes(V x, typename V::T* p, int n) {
  if (n == V::kWidth)
    x.store(p);
  else
    x.store_n(p, n);
}

// to[c * to_stride + r] = from[r * from_stride + c], or += with kAdd, for r < rows, c < cols.
template <class V, bool kAdd = false>
inline void transpose(const typename V::T* from, int64_t from_stride, int64_t rows, int64_t cols, typename V::T* to,
                      int64_t to_stride) {
  constexpr int W = V::kWidth;
  if (rows == 1 || cols == 1) {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < cols; ++c)
        to[c * to_stride + r] = (kAdd ? to[c * to_stride + r] : 0) + from[r * from_stride + c];
    return;
  }
  for_lanes<V>(rows, [&](int64_t r0, int num_rows) {
    for_lanes<V>(cols, [&](int64_t c0, int num_cols) {
      V tile[W];
#pragma GCC unroll 16
      for (int i = 0; i < W; ++i)
        tile[i] = i < num_rows ? load_lanes<V>(from + (r0 + i) * from_stride + c0, num_cols) : V::set(0);
      V::transpose(tile);
#pragma GCC unroll 16
      for (int i = 0; i < W; ++i) {
        if (i == num_cols) break;
        typename V::T* out = to + (c0 + i) * to_stride + r0;
        store_lanes<V>(kAdd ? load_lanes<V>(out, num_rows) + tile[i] : tile[i], out, num_rows);
      }
    });
  });
}

}  // namespace hone::kernels
