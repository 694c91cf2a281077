// Decoding speed of a model directory, through the decoder that the sampling engine drives. Reads lines
// BATCH NEW_TOKENS and answers each with a JSON line. See tests/bench/README.md.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "policy/paged_decoder.h"
#include "tests/bench/model_bench.h"

namespace hone::bench {
namespace {

constexpr int32_t kPromptTokens = 16;

// Bytes a second that the team reads from memory: the best of some passes over much more than the caches hold.
double read_bandwidth(ThreadTeam& team) {
  constexpr int64_t kWords = int64_t{1} << 26, kChunks = 64;
  const std::vector<uint64_t> data(kWords, 1);
  std::vector<uint64_t> sums(kChunks);
  double best = 0;
  for (int pass = 0; pass < 6; ++pass) {
    const auto start = Clock::now();
    team.parallel_for(kChunks, [&](int64_t chunk, int) {
      const auto* first = data.data() + chunk * (kWords / kChunks);
      sums[chunk] = std::accumulate(first, first + kWords / kChunks, uint64_t{0});
    });
    best = std::max(best, 8.0 * kWords / seconds_since(start));
    HONE_CHECK_EQ(std::accumulate(sums.begin(), sums.end(), uint64_t{0}), static_cast<uint64_t>(kWords));
  }
  return best;
}

// `batch` sequences that grow by one token a step, with blocks of their own.
class Sequences {
 public:
  Sequences(policy::PagedDecoder& decoder, int32_t batch, int32_t longest, int64_t vocabulary)
      : decoder_(decoder), batch_(batch), blocks_each_((longest + policy::kBlockTokens - 1) / policy::kBlockTokens),
        vocabulary_(vocabulary), tables_(batch * blocks_each_), draws_(batch) {
    std::iota(tables_.begin(), tables_.end(), 0);
  }

  void prefill() {
    std::vector<int32_t> tokens;
    for (int32_t i = 0; i < batch_ * kPromptTokens; ++i)
      tokens.push_back(static_cast<int32_t>(static_cast<uint64_t>(i) * 2654435761u % vocabulary_));
    position_ = 0;
    step(tokens, kPromptTokens);
  }
  void decode() {
    std::vector<int32_t> tokens;
    for (const policy::Draw& draw : draws_) tokens.push_back(draw.token);
    step(tokens, 1);
  }

 private:
  void step(const std::vector<int32_t>& tokens, int32_t rows) {
    std::vector<policy::DecodeSpan> spans;
    std::vector<policy::DrawRequest> requests;
    for (int32_t s = 0; s < batch_; ++s) {
      spans.push_back({s * rows, rows, position_, tables_.data() + s * blocks_each_});
      policy::DrawRequest request{.row = (s + 1) * rows - 1, .key = 1};
      request.position = static_cast<uint32_t>(position_ + rows);
      request.sample = static_cast<uint32_t>(s);
      requests.push_back(request);
    }
    decoder_.forward(tokens, spans);
    decoder_.draw(requests, draws_);
    position_ += rows;
  }

  policy::PagedDecoder& decoder_;
  const int32_t batch_, blocks_each_;
  const int64_t vocabulary_;
  std::vector<int32_t> tables_;
  std::vector<policy::Draw> draws_;
  int32_t position_ = 0;
};

// Bytes of weights that a step reads at least once: the panels of all products.
double weight_bytes(const policy::Weights& weights) {
  const auto& layout = weights.layout();
  const auto width = static_cast<double>(kernels::size_of(weights.backend().compact));
  const double table = weights.config().tie_embeddings ? 0 : layout.head.out * layout.head.in;
  return (static_cast<double>(layout.size) - table) * width;
}

struct Setup {
  std::unique_ptr<policy::Weights> weights;
  kernels::Stream stream;
  double bandwidth = 0;
  bool profile = false;
};

void measure(const Setup& setup, int32_t batch, int32_t new_tokens) {
  const int32_t longest = kPromptTokens + new_tokens + 1;
  const int32_t blocks = batch * ((longest + policy::kBlockTokens - 1) / policy::kBlockTokens);
  policy::PagedDecoder decoder(*setup.weights, setup.stream, blocks, batch * kPromptTokens);
  Sequences sequences(decoder, batch, longest, setup.weights->config().vocab_size);
  sequences.prefill();
  sequences.decode();  // the first step grows buffers
  const auto start = Clock::now();
  sequences.prefill();
  const double prefill = seconds_since(start);
  const OperatorReport operators;
  std::vector<double> seconds;
  for (int32_t i = 0; i < new_tokens; ++i) {
    const auto began = Clock::now();
    sequences.decode();
    seconds.push_back(seconds_since(began));
  }
  if (setup.profile) operators.print(new_tokens);
  std::ranges::sort(seconds);
  const double step = seconds[seconds.size() / 2];
  std::printf("{\"contender\": \"hone\", \"batch\": %d, \"tokens_per_s\": %.1f, \"ms_per_step\": %.4f, "
              "\"fastest_ms\": %.4f, \"share_of_read\": %.3f, \"prefill_tokens_per_s\": %.0f}\n",
              batch, batch / step, 1e3 * step, 1e3 * seconds.front(),
              weight_bytes(*setup.weights) / step / setup.bandwidth, batch * kPromptTokens / prefill);
  std::fflush(stdout);
}

Result<void> run(const std::vector<std::string>& arguments) {
  HONE_TRY_ASSIGN(const BenchOptions options, read_options(arguments));
  ThreadTeam team(options.threads);
  Setup setup;
  setup.stream = {&team};
  setup.profile = options.profile;
  HONE_TRY_ASSIGN(setup.weights, open_weights(options, policy::Use::kSample, setup.stream));
  setup.bandwidth = read_bandwidth(team);
  std::printf("{\"contender\": \"hone\", \"backend\": \"%s\", \"read_GBs\": %.1f, \"weights_GB\": %.3f}\n",
              setup.weights->backend().name, setup.bandwidth / 1e9, weight_bytes(*setup.weights) / 1e9);
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    int32_t batch = 0, new_tokens = 0;
    if (!(words >> batch >> new_tokens) || batch < 1 || new_tokens < 1)
      return Error{.message = "a line is BATCH NEW_TOKENS, not " + line};
    measure(setup, batch, new_tokens);
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
