// One double with the interface of the float vectors: the same kernels in f64, for gradient checks. Its exp and log are
// libm's, because f64 values reach neither weights nor tokens of a run.
#pragma once

#include <cmath>
#include <cstdint>

namespace hone::kernels {

struct F64x1 {
  using T = double;
  static constexpr int kWidth = 1;
  static constexpr int kTileRows = 4;
  double v;

  static F64x1 load(const double* p) { return {*p}; }
  static F64x1 load_n(const double* p, int n) { return {n > 0 ? *p : 0}; }
  static F64x1 set(double x) { return {x}; }
  void store(double* p) const { *p = v; }
  void store_n(double* p, int n) const {
    if (n > 0) *p = v;
  }
  friend F64x1 operator+(F64x1 a, F64x1 b) { return {a.v + b.v}; }
  friend F64x1 operator-(F64x1 a, F64x1 b) { return {a.v - b.v}; }
  friend F64x1 operator*(F64x1 a, F64x1 b) { return {a.v * b.v}; }
  friend F64x1 operator/(F64x1 a, F64x1 b) { return {a.v / b.v}; }
  static F64x1 fma(F64x1 a, F64x1 b, F64x1 c) { return {a.v * b.v + c.v}; }
  static F64x1 fnma(F64x1 a, F64x1 b, F64x1 c) { return {c.v - a.v * b.v}; }
  static F64x1 max(F64x1 a, F64x1 b) { return {a.v > b.v ? a.v : b.v}; }
  static F64x1 min(F64x1 a, F64x1 b) { return {a.v < b.v ? a.v : b.v}; }
  static F64x1 sqrt(F64x1 a) { return {std::sqrt(a.v)}; }
  static F64x1 fill_from(F64x1 a, int n, double x) { return {n > 0 ? a.v : x}; }
  static F64x1 select_less(F64x1 x, F64x1 y, F64x1 a, F64x1 b) { return {x.v < y.v ? b.v : a.v}; }
  static bool all_less(F64x1 a, F64x1 b) { return a.v < b.v; }
  static F64x1 unit(const uint32_t* words) { return {(*words + 0.5) * 0x1p-32}; }
  static void transpose(F64x1 (&)[1]) {}
  double sum() const { return v; }
  double largest() const { return v; }
};

inline F64x1 vexp(F64x1 x) { return {std::exp(x.v)}; }
inline F64x1 vlog(F64x1 x) { return {std::log(x.v)}; }

}  // namespace hone::kernels
