// AdamW (Loshchilov and Hutter, 2019) and the norm of gradients.
#pragma once

#include <cstdint>

namespace hone::kernels {

// By chunks of a fixed number of elements, combined in order in double.
struct SumOfSquaresArgs {
  const void* x = nullptr;
  int64_t count = 0;
};

// g = gradient * gradient_scale; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
// w = w - learning_rate * weight_decay * w - learning_rate * (m * correction1) / (sqrt(v * correction2) + epsilon),
// correction_i = 1 / (1 - beta_i^step). The gradient is set to zero.
struct AdamWArgs {
  void* weight = nullptr;
  void* gradient = nullptr;
  void* m = nullptr;
  void* v = nullptr;
  int64_t count = 0;
  double learning_rate = 0, beta1 = 0, beta2 = 0, epsilon = 0, weight_decay = 0;
  double correction1 = 1, correction2 = 1;
  double gradient_scale = 1;
};

}  // namespace hone::kernels
