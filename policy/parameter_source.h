// Where the values of parameters come from: files, random numbers, weights that train.
#pragma once

#include <cstdint>

#include "policy/parameters.h"

namespace hone::policy {

class ParameterSource {
 public:
  virtual ~ParameterSource() = default;
  // Rows [first, first + count) of layout.parameters[parameter] into out; a one-dimensional parameter has rows of one
  // element. Many threads may read at once.
  virtual void read(size_t parameter, int64_t first, int64_t count, float* out) const = 0;
  // Advice: the parameter will be read soon; it will not be read again.
  virtual void prepare(size_t /*parameter*/) const {}
  virtual void done(size_t /*parameter*/) const {}
};

// Normal numbers of standard deviation config.init_std, norms 1, biases and router bias 0: a function of (config, key).
class RandomParameters final : public ParameterSource {
 public:
  RandomParameters(const ParameterLayout& layout, double init_std, uint64_t key)
      : layout_(layout), init_std_(init_std), key_(key) {}
  void read(size_t parameter, int64_t first, int64_t count, float* out) const override;

 private:
  const ParameterLayout& layout_;
  const double init_std_;
  const uint64_t key_;
};

}  // namespace hone::policy
