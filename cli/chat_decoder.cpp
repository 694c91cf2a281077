#include "cli/chat_decoder.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "rollout/scheduler.h"
#include "trainer/memory_plan.h"

namespace hone::cli {

int64_t ChatDecoder::plan_context(const trainer::Model& model, int64_t wanted) {
  if (wanted > 0) return wanted;
  const int64_t most = model.weights->config().max_positions, memory = model.weights->backend().memory().available;
  if (memory < 0) return most;
  const int64_t blocks = std::max<int64_t>(1, memory / 2 / policy::PagedDecoder::block_bytes(*model.weights));
  return std::min(most, blocks * policy::kBlockTokens);
}

ChatDecoder::ChatDecoder(const trainer::Model& model, const kernels::Stream& stream, int64_t context, int32_t chunk)
    : context_(context),
      chunk_(static_cast<int32_t>(std::min<int64_t>(chunk, context))),
      blocks_(rollout::blocks_for(context)),
      decoder_(*model.weights, stream, rollout::blocks_for(context), chunk_) {
  HONE_CHECK(context >= 1 && context <= model.weights->config().max_positions, context);
  std::iota(blocks_.begin(), blocks_.end(), 0);
}

bool ChatDecoder::replace(std::span<const int32_t> tokens, const std::atomic<bool>& stop) {
  HONE_CHECK(!tokens.empty() && static_cast<int64_t>(tokens.size()) <= context_, tokens.size());
  const auto common = std::ranges::mismatch(tokens, std::span(tokens_).first(computed_)).in1 - tokens.begin();
  tokens_.assign(tokens.begin(), tokens.end());
  // The last token is computed in any case: the next one is drawn from its row.
  computed_ = std::min<int64_t>(common, length() - 1);
  computed_tokens_ = length() - computed_;
  while (computed_ < length()) {
    if (stop) return false;
    compute(std::min(computed_ + chunk_, length()));
  }
  return true;
}

void ChatDecoder::append(int32_t token) {
  HONE_CHECK_LT(length(), context_);
  tokens_.push_back(token);
  compute(length());
}

void ChatDecoder::compute(int64_t end) {
  const auto count = static_cast<int32_t>(end - computed_);
  const policy::DecodeSpan span{0, count, static_cast<int32_t>(computed_), blocks_.data()};
  decoder_.forward(std::span(tokens_).subspan(computed_, count), {&span, 1});
  last_row_ = count - 1;
  computed_ = end;
}

Result<int32_t> ChatDecoder::draw(policy::DrawRequest request) {
  HONE_CHECK_EQ(computed_, length());
  request.row = last_row_;
  request.position = static_cast<uint32_t>(length());
  policy::Draw draw;
  decoder_.draw({&request, 1}, {&draw, 1});
  if (std::isfinite(draw.logprob) && std::isfinite(draw.entropy)) return draw.token;
  return Error{.code = ErrorCode::kGuard,
               .message = str("log-probability ", draw.logprob, " of the token at position ", request.position)};
}

}  // namespace hone::cli
