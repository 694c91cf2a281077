// One sequence of a policy that grows token by token and can be replaced; what the new one has in common with the old
// is not computed again.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "policy/paged_decoder.h"
#include "trainer/model.h"

namespace hone::cli {

// Owned by one thread; the model must outlive it.
class ChatDecoder {
 public:
  // The longest sequence: `wanted` tokens, or with 0 what the model takes and half of the free memory holds.
  static int64_t plan_context(const trainer::Model& model, int64_t wanted);

  // Room for `context` tokens, at least 1 and at most the model's positions. Prompts are computed `chunk` at a time.
  ChatDecoder(const trainer::Model& model, const kernels::Stream& stream, int64_t context, int32_t chunk);

  int64_t context() const { return context_; }
  int64_t length() const { return static_cast<int64_t>(tokens_.size()); }
  // Of the last replace(): tokens that were computed.
  int64_t computed_tokens() const { return computed_tokens_; }

  // Requires 1 <= tokens <= context(). False where `stop` became true before all was computed; then only replace() may
  // follow, which goes on from there.
  bool replace(std::span<const int32_t> tokens, const std::atomic<bool>& stop);
  // The token that follows; it is not appended. Row and position of the request are filled in. Error kGuard: the policy
  // gave a value that is not finite.
  Result<int32_t> draw(policy::DrawRequest request);
  // Requires length() < context().
  void append(int32_t token);

 private:
  void compute(int64_t end);

  const int64_t context_;
  const int32_t chunk_;
  std::vector<int32_t> blocks_;  // block i holds positions [i * kBlockTokens, (i + 1) * kBlockTokens)
  policy::PagedDecoder decoder_;
  std::vector<int32_t> tokens_;
  int64_t computed_ = 0;  // tokens_ before it are in the cache
  int32_t last_row_ = 0;  // of the last token, in the decoder's last step
  int64_t computed_tokens_ = 0;
};

}  // namespace hone::cli
