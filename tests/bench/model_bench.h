// What the benchmarks of a model directory share: options, the model, the time of its operators.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/profiled_backend.h"
#include "trainer/model.h"

namespace hone::bench {

struct BenchOptions {
  std::string directory;
  trainer::Dtype dtype = trainer::Dtype::kBf16;
  int threads = 2;
  bool profile = false;  // times of operators to stderr
};

// The last argument is the directory. kInvalid for what is unknown or missing.
Result<BenchOptions> read_options(const std::vector<std::string>& arguments);

// The directory's weights; with `profile` on a backend whose operators have a clock.
Result<std::unique_ptr<policy::Weights>> open_weights(const BenchOptions& options, policy::Use use,
                                                      const kernels::Stream& stream);

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Operator times since its construction.
class OperatorReport {
 public:
  OperatorReport() : before_(operator_times().begin(), operator_times().end()) {}
  // To stderr, per step.
  void print(int steps) const;

 private:
  const std::vector<OperatorTime> before_;
};

}  // namespace hone::bench
