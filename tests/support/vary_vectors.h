// Norms and biases away from what a new model has, so that a test sees them.
#pragma once

#include "base/philox.h"
#include "policy/weights.h"

namespace hone::test {

// Adds a random number from [-0.3, 0.3) to every one-dimensional parameter. T is the backend's element.
template <class T>
void vary_vectors(policy::Weights& weights) {
  PhiloxStream random(17, 17);
  for (const policy::Parameter& p : weights.layout().parameters) {
    if (p.cols > 0) continue;
    T* data = static_cast<T*>(weights.at(p.offset));
    for (int64_t i = 0; i < p.rows; ++i) data[i] += static_cast<T>(static_cast<float>(0.6 * random.uniform() - 0.3));
  }
}

}  // namespace hone::test
