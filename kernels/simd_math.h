// exp and log of float vectors: polynomials on a reduced range (coefficients after Moshier's Cephes, expf.c and
// logf.c), about 1 to 2 units in the last place. Own code because libm's bits differ between versions.
#pragma once

#ifdef __CUDACC__
#define HONE_VECTOR_MATH __device__ inline
#else
#define HONE_VECTOR_MATH inline
#endif

namespace hone::kernels {

// exp(x); 0 below -87.33 (denormal results are flushed), infinity above 88.72, NaN for NaN.
template <class V>
HONE_VECTOR_MATH V vexp(V x) {
  const V low = V::set(-87.33654f);
  V t = V::max(V::set(-104.0f), V::min(V::set(89.0f), x));
  const V n = V::round(t * V::set(1.44269504088896341f));
  t = V::fnma(n, V::set(0.693359375f), t);
  t = V::fnma(n, V::set(-2.12194440e-4f), t);
  V p = V::set(1.9875691500e-4f);
  p = V::fma(p, t, V::set(1.3981999507e-3f));
  p = V::fma(p, t, V::set(8.3334519073e-3f));
  p = V::fma(p, t, V::set(4.1665795894e-2f));
  p = V::fma(p, t, V::set(1.6666665459e-1f));
  p = V::fma(p, t, V::set(5.0000001201e-1f));
  p = V::fma(p, t * t, t + V::set(1.0f));
  return V::select_less(x, low, V::scale2(p, n), V::set(0.0f));
}

// log(x) for normal x > 0.
template <class V>
HONE_VECTOR_MATH V vlog(V x) {
  V m, e;
  V::split(x, m, e);
  const V half = V::set(0.707106781186547524f);
  e = V::select_less(m, half, e, e - V::set(1.0f));
  m = V::select_less(m, half, m, m + m) - V::set(1.0f);
  const V z = m * m;
  V p = V::set(7.0376836292e-2f);
  p = V::fma(p, m, V::set(-1.1514610310e-1f));
  p = V::fma(p, m, V::set(1.1676998740e-1f));
  p = V::fma(p, m, V::set(-1.2420140846e-1f));
  p = V::fma(p, m, V::set(1.4249322787e-1f));
  p = V::fma(p, m, V::set(-1.6668057665e-1f));
  p = V::fma(p, m, V::set(2.0000714765e-1f));
  p = V::fma(p, m, V::set(-2.4999993993e-1f));
  p = V::fma(p, m, V::set(3.3333331174e-1f));
  V y = m * z * p;
  y = V::fma(e, V::set(-2.12194440e-4f), y);
  y = V::fnma(V::set(0.5f), z, y);
  return V::fma(e, V::set(0.693359375f), m + y);
}

}  // namespace hone::kernels
