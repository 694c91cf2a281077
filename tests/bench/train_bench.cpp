// Speed of forward and backward of packed sequences, through the network that the trainer runs. Reads lines KEEP_GIB
// TOKEN_BUDGET LENGTH... (activations that may be kept; sequences of these lengths are packed in their order into
// batches of the budget) and answers each with a JSON line. See tests/bench/README.md.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "policy/packed_network.h"
#include "tests/bench/model_bench.h"

namespace hone::bench {
namespace {

struct Batch {
  std::vector<int32_t> tokens, row, target;
  std::vector<policy::PackedSegment> segments;
};

// Every token of a sequence but the last is an input, every one but the first a target.
void add_sequence(Batch& batch, int32_t length, int64_t vocabulary) {
  const auto start = static_cast<int32_t>(batch.tokens.size());
  batch.segments.push_back({start, length, 0, -1});
  for (int32_t i = 0; i < length; ++i) {
    const auto token = static_cast<uint64_t>(start + i) * 2654435761u;
    batch.tokens.push_back(static_cast<int32_t>(token % vocabulary));
    batch.row.push_back(start + i);
    batch.target.push_back(static_cast<int32_t>((token >> 7) % vocabulary));
  }
}

// In the order given; a sequence opens a batch where it does not fit into the last.
std::vector<Batch> pack(const std::vector<int32_t>& lengths, int32_t budget, int64_t vocabulary) {
  std::vector<Batch> batches(1);
  for (int32_t length : lengths) {
    if (!batches.back().tokens.empty() && static_cast<int32_t>(batches.back().tokens.size()) + length > budget)
      batches.emplace_back();
    add_sequence(batches.back(), length, vocabulary);
  }
  return batches;
}

class Trainer {
 public:
  Trainer(const policy::Weights& weights, const kernels::Stream& stream, size_t keep_bytes)
      : network_(weights, stream, keep_bytes), gradient_(weights.backend(), weights.size()) {}

  void step(const Batch& batch) {
    const size_t n = batch.row.size();
    logprob_.resize(n);
    entropy_.resize(n);
    dlogprob_.assign(n, -1.0f / static_cast<float>(n));
    network_.forward(batch.tokens, batch.segments);
    network_.token_logprobs({batch.row, batch.target}, logprob_.data(), entropy_.data());
    network_.backward({batch.row, batch.target}, dlogprob_.data(), nullptr, gradient_);
  }

 private:
  policy::PackedNetwork network_;
  policy::Arena gradient_;
  std::vector<float> logprob_, entropy_, dlogprob_;
};

void measure(Trainer& trainer, const std::vector<Batch>& batches, bool profile) {
  const OperatorReport operators;
  size_t tokens = 0;
  const auto start = Clock::now();
  for (const Batch& batch : batches) {
    trainer.step(batch);
    tokens += batch.tokens.size();
  }
  std::printf("{\"contender\": \"hone\", \"seconds\": %.4f, \"tokens\": %zu, \"batches\": %zu}\n", seconds_since(start),
              tokens, batches.size());
  std::fflush(stdout);
  if (profile) operators.print(1);
}

Result<void> run(const std::vector<std::string>& arguments) {
  HONE_TRY_ASSIGN(const BenchOptions options, read_options(arguments));
  ThreadTeam team(options.threads);
  const kernels::Stream stream{&team};
  HONE_TRY_ASSIGN(const auto weights, open_weights(options, policy::Use::kTrain, stream));
  std::printf("{\"contender\": \"hone\", \"backend\": \"%s\"}\n", weights->backend().name);
  std::fflush(stdout);
  std::unique_ptr<Trainer> trainer;
  double kept = -1;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    double keep_gib = 0;
    int32_t budget = 0;
    std::vector<int32_t> lengths;
    words >> keep_gib >> budget;
    for (int32_t length; words >> length;) lengths.push_back(length);
    if (keep_gib < 0 || budget < 1 || lengths.empty() || std::ranges::min(lengths) < 1)
      return Error{.message = "a line is KEEP_GIB TOKEN_BUDGET LENGTH..., not " + line};
    if (keep_gib != kept) {
      trainer.reset();
      trainer = std::make_unique<Trainer>(*weights, stream, static_cast<size_t>(keep_gib * (1 << 30)));
    }
    kept = keep_gib;
    measure(*trainer, pack(lengths, budget, weights->config().vocab_size), options.profile);
  }
  return {};
}

}  // namespace
}  // namespace hone::bench

int main(int argc, char** argv) {
  const auto done = hone::bench::run({argv + 1, argv + argc});
  if (done.ok()) return 0;
  std::fprintf(stderr, "%s: %s\n", argv[0], done.error().to_string().c_str());
  return 1;
}
