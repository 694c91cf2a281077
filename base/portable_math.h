// exp, log, sin, cos of doubles from additions and multiplications alone: the same bits with every libm. For schedules,
// tables and initial weights; not fast.
#pragma once

namespace hone {

double portable_exp(double x);           // |x| <= 700
double portable_log(double x);           // x > 0, normal
double portable_sin(double x);           // |x| <= 1e6, absolute error below 1e-10
double portable_cos(double x);

// base^exponent for base > 0.
inline double portable_pow(double base, double exponent) { return portable_exp(exponent * portable_log(base)); }

}  // namespace hone
