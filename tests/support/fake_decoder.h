// A decoder without a network. Each cache entry digests the whole sequence up to its position and is made from the
// entries before it, read through the block table, as keys and values are: a wrong table, a missing copy or an
// overwritten entry changes every token after it. expected_answer says what must come out, without any cache.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "policy/decoder.h"
#include "rollout/request.h"

namespace hone::testing {

struct FakeDecoderSize {
  int32_t num_blocks = 256;
  int32_t max_rows = 64;
  int32_t max_positions = 512;
};

inline constexpr int32_t kFakeVocabulary = 24;

inline uint64_t digest(uint64_t a, uint64_t b) {
  uint64_t h = a * 0x9E3779B97F4A7C15ull + b + 0x632BE59BD9B4E019ull;
  h = (h ^ (h >> 29)) * 0xBF58476D1CE4E5B9ull;
  return h ^ (h >> 32);
}

// The draw after a sequence with this digest.
inline policy::Draw fake_draw(uint64_t hidden, const policy::DrawRequest& request) {
  uint64_t h = hidden;
  if (request.params.temperature > 0) {
    h = digest(h, request.key);
    for (uint32_t part : {request.position, request.sample, request.serial}) h = digest(h, part);
  }
  const auto token = static_cast<int32_t>(h % kFakeVocabulary);
  return {token, -static_cast<float>(h >> 44), static_cast<float>(h >> 20 & 0xFFFF)};
}

class FakeDecoder : public policy::Decoder {
 public:
  explicit FakeDecoder(FakeDecoderSize size = {})
      : size_(size), cache_(static_cast<size_t>(size.num_blocks) * policy::kBlockTokens, kGarbage) {}

  int32_t num_blocks() const override { return size_.num_blocks; }
  int32_t max_rows() const override { return size_.max_rows; }
  int32_t max_positions() const override { return size_.max_positions; }

  void forward(std::span<const int32_t> tokens, std::span<const policy::DecodeSpan> spans) override {
    HONE_CHECK_LE(static_cast<int32_t>(tokens.size()), size_.max_rows);
    hidden_.clear();
    for (const policy::DecodeSpan& span : spans) {
      HONE_CHECK_EQ(span.first_row, static_cast<int32_t>(hidden_.size()));
      HONE_CHECK_LT(0, span.num_rows);
      HONE_CHECK_LE(span.position + span.num_rows, size_.max_positions);
      for (int32_t i = 0; i < span.num_rows; ++i) {
        hidden_.push_back(compute(span, span.position + i, tokens[span.first_row + i]));
      }
    }
    HONE_CHECK_EQ(hidden_.size(), tokens.size());
    rows_ += static_cast<int64_t>(tokens.size());
  }

  void draw(std::span<const policy::DrawRequest> requests, std::span<policy::Draw> draws) override {
    HONE_CHECK_EQ(requests.size(), draws.size());
    for (size_t i = 0; i < requests.size(); ++i) {
      draws[i] = fake_draw(hidden_.at(requests[i].row), requests[i]);
      if (spoil_) draws[i].logprob = 0.0f / 0.0f;
    }
  }

  void copy_block(int32_t from, int32_t to, int32_t num_tokens) override {
    HONE_CHECK(from != to && num_tokens > 0 && num_tokens < policy::kBlockTokens, from, " to ", to, ": ", num_tokens);
    for (int32_t i = 0; i < policy::kBlockTokens; ++i) entry(to, i) = i < num_tokens ? entry(from, i) : kGarbage;
    ++copies_;
  }

  void spoil() { spoil_ = true; }  // from now on every log-probability is NaN
  int64_t rows() const { return rows_; }
  int64_t copies() const { return copies_; }

 private:
  static constexpr uint64_t kGarbage = 0xBADBADBADull;

  uint64_t& entry(int32_t block, int32_t offset) {
    HONE_CHECK(block >= 0 && block < size_.num_blocks, "block ", block);
    return cache_[static_cast<size_t>(block) * policy::kBlockTokens + offset];
  }

  uint64_t compute(const policy::DecodeSpan& span, int32_t position, int32_t token) {
    uint64_t h = 0;
    const auto at = [&](int32_t p) -> uint64_t& {
      return entry(span.blocks[p / policy::kBlockTokens], p % policy::kBlockTokens);
    };
    for (int32_t p = 0; p < position; ++p) h = digest(h, at(p));
    return at(position) = digest(digest(h, position), token);
  }

  FakeDecoderSize size_;
  std::vector<uint64_t> cache_;
  std::vector<uint64_t> hidden_;  // of the rows of the last forward
  int64_t rows_ = 0, copies_ = 0;
  bool spoil_ = false;
};

// Appends the cache entry of the token that follows the sequence of `entries`; the entry is also its hidden state.
inline void append_entry(std::vector<uint64_t>& entries, int32_t token) {
  uint64_t h = 0;
  for (uint64_t entry : entries) h = digest(h, entry);
  entries.push_back(digest(digest(h, entries.size()), token));
}

// Where a stop text ends first in the text of the tokens, a last character that is not whole left out unless they are
// all.
inline std::optional<rollout::StopMatch> find_stop(const rollout::GroupRequest& request,
                                                   const std::vector<int32_t>& tokens, bool all) {
  std::string text = request.tokenizer->decode(tokens, policy::ControlTokens::kLeaveOut);
  if (!all && text.ends_with("\uFFFD")) text.resize(text.size() - 3);
  std::optional<rollout::StopMatch> first;
  for (const std::string& stop : request.stop.texts) {
    const size_t begin = text.find(stop), end = begin + stop.size();
    if (begin == std::string::npos) continue;
    if (!first || end < first->end || (end == first->end && begin < first->begin)) first = {begin, end};
  }
  return first;
}

// Looks at the whole answer anew: whether it ends here, and why.
inline bool ends(const rollout::GroupRequest& request, rollout::FinishedAnswer& answer) {
  std::vector<int32_t> tokens;
  for (const policy::Draw& draw : answer.draws) tokens.push_back(draw.token);
  const bool stops = std::ranges::count(request.stop.tokens, tokens.back()) > 0;
  const bool last = stops || static_cast<int32_t>(tokens.size()) == request.max_new_tokens;
  if (stops) tokens.pop_back();
  answer.stop_text = request.stop.texts.empty() ? std::nullopt : find_stop(request, tokens, last);
  if (stops || answer.stop_text) answer.finish = rl::FinishReason::kStop;
  return stops || answer.stop_text;
}

inline rollout::FinishedAnswer expected_answer(const rollout::GroupRequest& request, uint32_t sample) {
  std::vector<uint64_t> entries;
  for (int32_t token : *request.prompt) append_entry(entries, token);
  rollout::FinishedAnswer answer{.id = request.id, .sample = sample};
  while (static_cast<int32_t>(answer.draws.size()) < request.max_new_tokens) {
    const auto position = static_cast<uint32_t>(entries.size());
    const policy::DrawRequest draw{0, request.key, position, sample, request.serial, request.params};
    answer.draws.push_back(fake_draw(entries.back(), draw));
    const int32_t token = answer.draws.back().token;
    if (ends(request, answer)) return answer;
    append_entry(entries, token);
  }
  return answer;
}

}  // namespace hone::testing
