// CPU twin of elementwise.h and rope.h.
#pragma once

#include <bit>
#include <type_traits>

#include "kernels/backend.h"
#include "kernels/cpu_support.h"
#include "kernels/elementwise.h"
#include "kernels/rope.h"

namespace hone::kernels {

template <class V>
void embed(const EmbedArgs& e, const Stream& stream) {
  using T = typename V::T;
  for_row_chunks<V>(*stream.team, e.rows, e.cols, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      T* to = static_cast<T*>(e.out) + r * e.cols;
      if (!e.table) {
        constexpr int64_t kCols = 2 * V::kWidth;
        const T* from = static_cast<const T*>(e.panels) + e.tokens[r] / kCols * e.cols * kCols + e.tokens[r] % kCols;
        for (int64_t i = 0; i < e.cols; ++i) to[i] = from[i * kCols];
        continue;
      }
      const T* from = static_cast<const T*>(e.table) + e.tokens[r] * e.cols;
      for_lanes<V>(e.cols, [&](int64_t i, int n) { store_lanes<V>(load_lanes<V>(from + i, n), to + i, n); });
    }
  });
}

// S as in gemm_bf16_cpu.h.
template <class S>
void bf16_embed(const EmbedArgs& e, const Stream& stream) {
  using V = typename S::V;
  constexpr int64_t kCols = 2 * V::kWidth;
  const int64_t depth = div_up<V>(e.cols, S::kPanelDepth) * S::kPanelDepth;
  for_row_chunks<V>(*stream.team, e.rows, e.cols, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      float* to = static_cast<float*>(e.out) + r * e.cols;
      const int64_t token = e.tokens[r];
      if (e.table) {
        const uint16_t* from = static_cast<const uint16_t*>(e.table) + token * e.cols;
        for_lanes<V>(e.cols, [&](int64_t i, int n) {
          store_lanes<V>(n == V::kWidth ? V::load_bf16(from + i) : V::load_bf16_n(from + i, n), to + i, n);
        });
        continue;
      }
      const uint16_t* from =
          static_cast<const uint16_t*>(e.panels) + (token / kCols * depth * kCols + token % kCols * 2);
      for (int64_t i = 0; i < e.cols; ++i)
        to[i] = std::bit_cast<float>(static_cast<uint32_t>(from[i / 2 * 2 * kCols + i % 2]) << 16);
    }
  });
}

// Tasks are slices of columns: each sees all rows in order.
template <class V>
void embed_backward(const EmbedBackwardArgs& e, const Stream& stream) {
  using T = typename V::T;
  constexpr int64_t kSlice = 2 * V::kWidth;
  stream.team->parallel_for(div_up<V>(e.cols, kSlice), [&](int64_t task, int) {
    const int64_t first = task * kSlice, cols = e.cols - first < kSlice ? e.cols - first : kSlice;
    for (int64_t r = 0; r < e.rows; ++r) {
      const T* from = static_cast<const T*>(e.dout) + r * e.cols + first;
      T* to = static_cast<T*>(e.dtable) + e.tokens[r] * e.cols + first;
      for_lanes<V>(cols, [&](int64_t i, int n) {
        store_lanes<V>(load_lanes<V>(to + i, n) + load_lanes<V>(from + i, n), to + i, n);
      });
    }
  });
}

template <class V>
void copy(const CopyArgs& a, const Stream& stream) {
  using T = typename V::T;
  for_row_chunks<V>(*stream.team, a.rows, a.cols, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* from = static_cast<const T*>(a.from) + r * a.from_stride;
      T* to = static_cast<T*>(a.to) + r * a.to_stride;
      for_lanes<V>(a.cols, [&](int64_t i, int n) {
        const V x = load_lanes<V>(from + i, n);
        store_lanes<V>(a.accumulate ? load_lanes<V>(to + i, n) + x : x, to + i, n);
      });
    }
  });
}

// The element stands second, where minimum and maximum let a NaN through.
template <class V>
void clamp(const ClampArgs& a, const Stream& stream) {
  using T = typename V::T;
  const V most = V::set(static_cast<T>(a.limit)), least = V::set(0) - most;
  for_row_chunks<V>(*stream.team, a.rows, a.cols, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      T* x = static_cast<T*>(a.x) + r * a.stride;
      for_lanes<V>(a.cols, [&](int64_t i, int n) {
        store_lanes<V>(V::min(most, V::max(least, load_lanes<V>(x + i, n))), x + i, n);
      });
    }
  });
}

template <class V>
void clamp_backward(const ClampBackwardArgs& a, const Stream& stream) {
  using T = typename V::T;
  const V most = V::set(static_cast<T>(a.limit)), least = V::set(0) - most, zero = V::set(0);
  for_row_chunks<V>(*stream.team, a.rows, a.cols, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* x = static_cast<const T*>(a.x) + r * a.x_stride;
      T* dx = static_cast<T*>(a.dx) + r * a.dx_stride;
      for_lanes<V>(a.cols, [&](int64_t i, int n) {
        const V at = load_lanes<V>(x + i, n), below = V::select_less(at, most, zero, load_lanes<V>(dx + i, n));
        store_lanes<V>(V::select_less(least, at, zero, below), dx + i, n);
      });
    }
  });
}

// Tasks are slices of columns: each sees all rows in order.
template <class V>
void sum_rows(const SumRowsArgs& a, const Stream& stream) {
  using T = typename V::T;
  constexpr int64_t kSlice = 4 * V::kWidth, kChunk = 128;
  stream.team->parallel_for(div_up<V>(a.cols, kSlice), [&](int64_t task, int) {
    const int64_t first = task * kSlice, cols = a.cols - first < kSlice ? a.cols - first : kSlice;
    for_lanes<V>(cols, [&](int64_t i, int n) {
      const T* x = static_cast<const T*>(a.x) + first + i;
      T* sum = static_cast<T*>(a.sum) + first + i;
      for (int64_t begin = 0; begin < a.rows; begin += kChunk) {
        const int64_t end = begin + kChunk < a.rows ? begin + kChunk : a.rows;
        V chunk = V::set(0);
        for (int64_t r = begin; r < end; ++r) chunk = chunk + load_lanes<V>(x + r * a.x_stride, n);
        store_lanes<V>(load_lanes<V>(sum, n) + chunk, sum, n);
      }
    });
  });
}

template <class V>
void zero(const ZeroArgs& a, const Stream& stream) {
  for_row_chunks<V>(*stream.team, a.count, 1, [&](int64_t begin, int64_t end) {
    auto* data = static_cast<typename V::T*>(a.data) + begin;
    for_lanes<V>(end - begin, [&](int64_t i, int n) { store_lanes<V>(V::set(0), data + i, n); });
  });
}

// Compact: V::T or bf16 (uint16_t).
template <class V, class Compact>
void to_compact(const ToCompactArgs& a, const Stream& stream) {
  for_row_chunks<V>(*stream.team, a.count, 1, [&](int64_t begin, int64_t end) {
    const auto* from = static_cast<const typename V::T*>(a.from) + begin;
    auto* to = static_cast<Compact*>(a.to) + begin;
    for_lanes<V>(end - begin, [&](int64_t i, int n) {
      const V x = load_lanes<V>(from + i, n);
      if constexpr (std::is_same_v<Compact, typename V::T>) {
        store_lanes<V>(x, to + i, n);
      } else if (n == V::kWidth) {
        x.store_bf16(to + i);
      } else {
        Compact lanes[V::kWidth];
        x.store_bf16(lanes);
        for (int j = 0; j < n; ++j) to[i + j] = lanes[j];
      }
    });
  });
}

template <class V>
inline V sigmoid(V x) {
  return V::set(1) / (V::set(1) + vexp(V::set(0) - x));
}

template <class V>
void swiglu(const SwigluArgs& s, const Stream& stream) {
  using T = typename V::T;
  for_row_chunks<V>(*stream.team, s.rows, s.cols, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* gate = static_cast<const T*>(s.gate_up) + r * 2 * s.cols;
      T* out = static_cast<T*>(s.out) + r * s.cols;
      for_lanes<V>(s.cols, [&](int64_t i, int n) {
        const V g = load_lanes<V>(gate + i, n), u = load_lanes<V>(gate + s.cols + i, n);
        store_lanes<V>(g * sigmoid(g) * u, out + i, n);
      });
    }
  });
}

template <class V>
void swiglu_backward(const SwigluBackwardArgs& s, const Stream& stream) {
  using T = typename V::T;
  for_row_chunks<V>(*stream.team, s.rows, s.cols, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* gate = static_cast<const T*>(s.gate_up) + r * 2 * s.cols;
      const T* dout = static_cast<const T*>(s.dout) + r * s.cols;
      T* dgate = static_cast<T*>(s.dgate_up) + r * 2 * s.cols;
      for_lanes<V>(s.cols, [&](int64_t i, int n) {
        const V g = load_lanes<V>(gate + i, n), u = load_lanes<V>(gate + s.cols + i, n), d = load_lanes<V>(dout + i, n);
        const V sig = sigmoid(g), silu = g * sig;
        store_lanes<V>(d * u * (sig + silu * (V::set(1) - sig)), dgate + i, n);
        store_lanes<V>(d * silu, dgate + s.cols + i, n);
      });
    }
  });
}

// sign 1 turns, -1 turns back.
template <class V>
inline void rope_interleaved(typename V::T* x, const typename V::T* cosine, const typename V::T* sine, int64_t dim,
                             typename V::T sign) {
  if constexpr (V::kWidth == 1) {
    for (int64_t i = 0; i < dim; i += 2) {
      const auto p = x[i], q = x[i + 1];
      x[i] = p * cosine[i] + q * (sign * sine[i]);
      x[i + 1] = q * cosine[i + 1] + p * (sign * sine[i + 1]);
    }
  } else {
    for_lanes<V>(dim, [&](int64_t i, int n) {
      const V a = load_lanes<V>(x + i, n), turned = V::swap_pairs(a) * (load_lanes<V>(sine + i, n) * V::set(sign));
      store_lanes<V>(a * load_lanes<V>(cosine + i, n) + turned, x + i, n);
    });
  }
}

template <class V>
inline void rope_half_split(typename V::T* x, const typename V::T* cosine, const typename V::T* sine, int64_t dim,
                            typename V::T sign) {
  const int64_t half = dim / 2;
  for_lanes<V>(half, [&](int64_t i, int n) {
    const V a = load_lanes<V>(x + i, n), b = load_lanes<V>(x + half + i, n), c = load_lanes<V>(cosine + i, n);
    const V s = load_lanes<V>(sine + half + i, n) * V::set(sign);
    store_lanes<V>(a * c - b * s, x + i, n);
    store_lanes<V>(b * c + a * s, x + half + i, n);
  });
}

template <class V>
void rope(const RopeArgs& a, const Stream& stream) {
  using T = typename V::T;
  const auto turn = a.layout == RopeLayout::kInterleaved ? rope_interleaved<V> : rope_half_split<V>;
  for_row_chunks<V>(*stream.team, a.rows, a.heads * a.dim, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* cosine = static_cast<const T*>(a.table) + 2 * a.positions[r] * a.dim;
      for (int64_t h = 0; h < a.heads; ++h)
        turn(static_cast<T*>(a.x) + r * a.stride + h * a.head_stride, cosine, cosine + a.dim, a.dim,
             T(a.inverse ? -1 : 1));
    }
  });
}

}  // namespace hone::kernels
