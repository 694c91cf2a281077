#include "tests/bench/model_bench.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace hone::bench {

Result<BenchOptions> read_options(const std::vector<std::string>& arguments) {
  BenchOptions options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    const std::string value = i + 1 < arguments.size() ? arguments[i + 1] : "";
    if (name == "--profile") {
      options.profile = true;
    } else if (name == "--threads" && std::atoi(value.c_str()) > 0) {
      options.threads = std::atoi(arguments[++i].c_str());
    } else if (name == "--dtype" && (value == "bf16" || value == "f32")) {
      options.dtype = arguments[++i] == "f32" ? trainer::Dtype::kF32 : trainer::Dtype::kBf16;
    } else if (options.directory.empty() && !name.starts_with("--")) {
      options.directory = name;
    } else {
      return Error{.message = "unknown or without a proper value", .field = name};
    }
  }
  if (options.directory.empty())
    return Error{.message = "arguments: [--dtype bf16|f32] [--threads N] [--profile] MODEL_DIRECTORY"};
  return options;
}

Result<std::unique_ptr<policy::Weights>> open_weights(const BenchOptions& options, policy::Use use,
                                                      const kernels::Stream& stream) {
  trainer::LoadOptions load{.use = use, .dtype = options.dtype, .values = !options.profile};
  HONE_TRY_ASSIGN(trainer::Model model, trainer::load_model(options.directory, load, stream));
  if (!options.profile) return std::move(model.weights);
  auto weights = std::make_unique<policy::Weights>(model.weights->config(), profiled_backend(model.weights->backend()),
                                                   use);
  HONE_TRY(trainer::load_weights(options.directory, *weights, stream));
  return weights;
}

void OperatorReport::print(int steps) const {
  const auto after = operator_times();
  for (size_t i = 0; i < after.size(); ++i) {
    const double seconds = after[i].seconds - before_[i].seconds;
    if (seconds <= 0) continue;
    std::fprintf(stderr, "  %-24s %10.4f ms  %7.1f calls\n", after[i].name, 1e3 * seconds / steps,
                 static_cast<double>(after[i].calls - before_[i].calls) / steps);
  }
}

}  // namespace hone::bench
