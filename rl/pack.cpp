#include "rl/pack.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/check.h"

namespace hone::rl {
namespace {

// Fills micro-batches one after another; samples never go back to a full one, so their order is kept.
class Packer {
 public:
  explicit Packer(int64_t budget) : budget_(budget) { HONE_CHECK_LT(0, budget); }

  void add_shared(const TrainedSample& trained);
  void add_whole(const TrainedSample& trained);
  // Into the open micro-batch, whose room is the caller's to know.
  void add_supervised(const SupervisedRow& row, float weight, int32_t sequence);
  void open();
  std::vector<TokenBatch> take() { return std::move(batches_); }

 private:
  bool fits(int64_t num_tokens) const;
  TokenBatch& batch() { return batches_.back(); }
  int32_t end() const { return static_cast<int32_t>(batches_.back().tokens.size()); }
  void share_prompt(const TrainedSample& trained);
  void append(std::span<const Token> tokens);
  void add_segment(int32_t start, int64_t position, int32_t parent, int64_t version);
  void add_targets(const TrainedSample& trained, int32_t prompt_row, int32_t sample_start);

  // The prompt that samples of the open micro-batch may hang on.
  struct SharedPrompt {
    const Prompt* prompt = nullptr;
    int32_t segment = -1;
    int32_t last_row = -1;
  };
  const int64_t budget_;
  std::vector<TokenBatch> batches_;
  SharedPrompt shared_;
};

std::span<const Token> without_last(const std::vector<Token>& tokens) { return {tokens.data(), tokens.size() - 1}; }

bool Packer::fits(int64_t num_tokens) const {
  return !batches_.empty() && end() + num_tokens <= budget_;
}

void Packer::open() {
  batches_.emplace_back();
  shared_ = {};
}

void Packer::append(std::span<const Token> tokens) {
  batch().tokens.insert(batch().tokens.end(), tokens.begin(), tokens.end());
}

// The segment of all tokens from `start` on.
void Packer::add_segment(int32_t start, int64_t position, int32_t parent, int64_t version) {
  batch().segments.push_back({start, end() - start, static_cast<int32_t>(position), parent, version});
}

void Packer::add_targets(const TrainedSample& trained, int32_t prompt_row, int32_t sample_start) {
  TokenBatch& to = batch();
  const Sample& sample = *trained.sample;
  for (size_t t = 0; t < sample.tokens.size(); ++t) {
    to.row.push_back(t == 0 ? prompt_row : sample_start + static_cast<int32_t>(t) - 1);
    to.target.push_back(sample.tokens[t]);
    to.behaviour_logprob.push_back(sample.logprobs[t]);
    to.advantage.push_back(trained.advantage);
    to.weight.push_back(trained.weight);
    to.sequence.push_back(trained.sequence);
  }
}

void Packer::share_prompt(const TrainedSample& trained) {
  const int32_t start = end();
  append(trained.prompt->tokens);
  add_segment(start, 0, -1, trained.sample->version);
  shared_ = {trained.prompt, static_cast<int32_t>(batch().segments.size()) - 1, end() - 1};
}

void Packer::add_shared(const TrainedSample& trained) {
  const std::span<const Token> inputs = without_last(trained.sample->tokens);
  const auto prompt_length = static_cast<int64_t>(trained.prompt->tokens.size());
  const bool is_shared = shared_.prompt == trained.prompt;
  if (!fits(static_cast<int64_t>(inputs.size()) + (is_shared ? 0 : prompt_length))) open();
  if (shared_.prompt != trained.prompt) share_prompt(trained);
  const int32_t start = end();
  append(inputs);
  if (!inputs.empty()) add_segment(start, prompt_length, shared_.segment, trained.sample->version);
  add_targets(trained, shared_.last_row, start);
}

void Packer::add_whole(const TrainedSample& trained) {
  const std::span<const Token> inputs = without_last(trained.sample->tokens);
  if (!fits(static_cast<int64_t>(trained.prompt->tokens.size() + inputs.size()))) open();
  const int32_t start = end();
  append(trained.prompt->tokens);
  const int32_t sample_start = end();
  append(inputs);
  add_segment(start, 0, -1, trained.sample->version);
  add_targets(trained, sample_start - 1, sample_start);
}

// The first completion token that something stands before.
size_t first_trained(const SupervisedRow& row) { return row.prompt.empty() ? 1 : 0; }

int64_t trained_tokens(const SupervisedRow& row) {
  const auto length = static_cast<int64_t>(row.completion.size());
  return std::max<int64_t>(length - static_cast<int64_t>(first_trained(row)), 0);
}

void Packer::add_supervised(const SupervisedRow& row, float weight, int32_t sequence) {
  const int32_t start = end();
  append(row.prompt);
  append(without_last(row.completion));
  add_segment(start, 0, -1, 0);
  const int32_t before_completion = start + static_cast<int32_t>(row.prompt.size()) - 1;
  for (size_t t = first_trained(row); t < row.completion.size(); ++t) {
    batch().row.push_back(before_completion + static_cast<int32_t>(t));
    batch().target.push_back(row.completion[t]);
    batch().weight.push_back(weight);
    batch().sequence.push_back(sequence);
  }
}

int64_t inputs_of(const SupervisedRow& row) {
  return static_cast<int64_t>(row.prompt.size() + row.completion.size()) - 1;
}

// The rows of each micro-batch, by index. Best fit decreasing: the longest row first, each into the fullest micro-batch
// that has room.
std::vector<std::vector<size_t>> plan_batches(std::span<const SupervisedRow> rows, int64_t budget) {
  std::vector<size_t> order;
  for (size_t i = 0; i < rows.size(); ++i)
    if (trained_tokens(rows[i]) > 0) order.push_back(i);
  const auto is_longer = [&](size_t a, size_t b) { return inputs_of(rows[a]) > inputs_of(rows[b]); };
  std::stable_sort(order.begin(), order.end(), is_longer);
  std::vector<std::vector<size_t>> batches;
  std::set<std::pair<int64_t, size_t>> room;  // tokens left, batch
  for (const size_t i : order) {
    int64_t left = budget;
    size_t batch = batches.size();
    if (const auto found = room.lower_bound({inputs_of(rows[i]), 0}); found != room.end()) {
      std::tie(left, batch) = *found;
      room.erase(found);
    } else {
      batches.emplace_back();
    }
    batches[batch].push_back(i);
    room.insert({left - inputs_of(rows[i]), batch});
  }
  for (std::vector<size_t>& batch : batches) std::sort(batch.begin(), batch.end());
  return batches;
}

}  // namespace

std::vector<TokenBatch> pack(std::span<const TrainedSample> samples, const PackOptions& options) {
  Packer packer(options.token_budget);
  for (const TrainedSample& trained : samples) {
    HONE_CHECK(!trained.prompt->tokens.empty(), "group ", trained.prompt->serial, " has no prompt to hang samples on");
    HONE_CHECK_EQ(trained.sample->logprobs.size(), trained.sample->tokens.size());
    if (trained.sample->tokens.empty()) continue;
    options.share_prompt ? packer.add_shared(trained) : packer.add_whole(trained);
  }
  return packer.take();
}

std::vector<TokenBatch> pack_supervised(std::span<const SupervisedRow> rows, int64_t token_budget) {
  int64_t total = 0;
  for (const SupervisedRow& row : rows) total += trained_tokens(row);
  const float weight = total > 0 ? static_cast<float>(1.0 / static_cast<double>(total)) : 0;
  Packer packer(token_budget);
  for (const std::vector<size_t>& batch : plan_batches(rows, token_budget)) {
    packer.open();
    for (const size_t i : batch) packer.add_supervised(rows[i], weight, static_cast<int32_t>(i));
  }
  return packer.take();
}

}  // namespace hone::rl
