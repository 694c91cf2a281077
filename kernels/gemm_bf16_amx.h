// Tiles of gemm_bf16_cpu.h by AMX: 32 rows x one panel as 2 x 2 tiles of 16 x 16 floats. tdpbf16ps adds 32 products at
// a time to each sum and counts what is denormal as zero.
#pragma once

#include <immintrin.h>

#include "kernels/gemm_bf16_cpu.h"

namespace hone::kernels {

// An instruction set of gemm_bf16_cpu.h. Tiles 0 to 3 hold the sums (row, column), 4 and 5 rows, 6 and 7 the panel.
template <class Vector>
class AmxBf16 {
 public:
  using V = Vector;
  static constexpr int kTileRows = 32, kPanelDepth = 32;

  // With at most 16 rows the tiles are as high as these: fewer rows take less time.
  explicit AmxBf16(int rows) : height_(rows < kHeight ? rows : kHeight) {
    struct alignas(64) Configuration {
      uint8_t palette = 1, start_row = 0;
      uint8_t reserved[14] = {};
      uint16_t row_bytes[16] = {};
      uint8_t rows[16] = {};
    } configuration;
    for (int i = 0; i < 8; ++i) {
      configuration.row_bytes[i] = kRowBytes;
      configuration.rows[i] = static_cast<uint8_t>(i < 6 ? height_ : kHeight);
    }
    // Not _tile_loadconfig: g++ 12 believes that it reads eight bytes only.
    asm volatile("ldtilecfg %0" : : "m"(configuration));
  }
  ~AmxBf16() { _tile_release(); }
  AmxBf16(const AmxBf16&) = delete;
  AmxBf16& operator=(const AmxBf16&) = delete;

  static int64_t panels_at_once(int64_t) { return 1; }

  void tile(int rows, const Bf16Tile& t) const {
    const bool two = rows > kHeight, whole = (two ? rows - kHeight : rows) == height_ && t.n == kCols;
    alignas(64) float edge[2 * kHeight * kCols];
    const float* start = t.start;
    int64_t start_stride = t.start_stride;
    if (start && !whole) {
      for (int i = 0; i < rows; ++i) copy(t.start + i * t.start_stride, edge + i * kCols, t.n);
      start = edge;
      start_stride = kCols;
    }
    if (two) {
      multiply<true>(t, false, start, start_stride, whole ? t.c : edge, whole ? t.c_stride : kCols);
    } else {
      multiply<false>(t, rows <= kFewRows, start, start_stride, whole ? t.c : edge, whole ? t.c_stride : kCols);
    }
    if (!whole)
      for (int i = 0; i < rows; ++i) copy(edge + i * kCols, t.c + i * t.c_stride, t.n);
  }

 private:
  static constexpr int kHeight = 16, kRowBytes = 64;
  static constexpr int kFewRows = 2;                 // so few that reading the panels is all that takes time
  static constexpr int64_t kFetchAhead = 16 * 1024;  // bytes; the processor's own fetching stops at every page
  static constexpr int64_t kCols = 32;

  static void copy(const float* from, float* to, int64_t n) {
    for_lanes<V>(n, [&](int64_t i, int lanes) { store_lanes<V>(load_lanes<V>(from + i, lanes), to + i, lanes); });
  }

  template <bool kTwo>
  static void multiply(const Bf16Tile& t, bool fetch_ahead, const float* start, int64_t start_stride, float* c,
                       int64_t c_stride) {
    asm volatile("" : : : "memory");  // g++ 12 does not know that loading a tile reads memory
    const auto bytes = [](int64_t floats) { return floats * static_cast<int64_t>(sizeof(float)); };
    if (start) {
      _tile_loadd(0, start, bytes(start_stride));
      _tile_loadd(1, start + 16, bytes(start_stride));
      if (kTwo) _tile_loadd(2, start + kHeight * start_stride, bytes(start_stride));
      if (kTwo) _tile_loadd(3, start + kHeight * start_stride + 16, bytes(start_stride));
    } else {
      _tile_zero(0);
      _tile_zero(1);
      if (kTwo) _tile_zero(2);
      if (kTwo) _tile_zero(3);
    }
    const int64_t a_bytes = t.a_stride * 2;
    const uint16_t *a = t.a, *b = t.b;
    const char* lines = reinterpret_cast<const char*>(c);
    int left = kTwo ? 2 * kHeight : 1;
    for (int64_t d = 0; d < t.depth; d += kPanelDepth, a += kPanelDepth, b += kPanelDepth * kCols) {
      // What the sums are stored to is fetched meanwhile.
      for (int i = 0; kTwo && i < 2 && left > 0; ++i, --left, lines += bytes(c_stride)) {
        __builtin_prefetch(lines, 1);
        __builtin_prefetch(lines + 64, 1);
      }
      if (fetch_ahead)
        for (int i = 0; i < 32; ++i)
          _mm_prefetch(reinterpret_cast<const char*>(b) + kFetchAhead + i * kRowBytes, _MM_HINT_T0);
      _tile_loadd(6, b, 2 * kRowBytes);
      _tile_loadd(4, a, a_bytes);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(7, b + kCols, 2 * kRowBytes);
      _tile_dpbf16ps(1, 4, 7);
      if (kTwo) {
        _tile_loadd(5, a + kHeight * t.a_stride, a_bytes);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
      }
    }
    _tile_stored(0, c, bytes(c_stride));
    _tile_stored(1, c + 16, bytes(c_stride));
    if (kTwo) _tile_stored(2, c + kHeight * c_stride, bytes(c_stride));
    if (kTwo) _tile_stored(3, c + kHeight * c_stride + 16, bytes(c_stride));
  }

  const int height_;
};

}  // namespace hone::kernels
