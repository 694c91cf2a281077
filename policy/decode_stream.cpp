#include "policy/decode_stream.h"

#include <algorithm>

namespace hone::policy {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";
// A character that is not complete has at most three bytes so far, one in each of the last tokens.
constexpr size_t kLongestWindow = 8, kShortestWindow = 4;

}  // namespace

std::string DecodeStream::push(int32_t token) {
  if (control_ == ControlTokens::kLeaveOut && tokenizer_->is_control(token)) return "";
  window_.push_back(token);
  if (tokenizer_->is_open(token)) return "";
  const std::string text = tokenizer_->decode(window_, control_);
  // Only the last U+FFFD can be a character that is not complete: decoding replaces each broken sequence by one.
  const size_t certain = text.size() - (text.ends_with(kReplacement) ? kReplacement.size() : 0);
  std::string out = take(text, certain);
  forget_what_is_settled(text, certain);
  return out;
}

std::string DecodeStream::flush() {
  const std::string text = tokenizer_->decode(window_, control_);
  std::string out = take(text, text.size());
  window_.clear();
  given_ = 0;
  return out;
}

std::string DecodeStream::take(const std::string& text, size_t certain) {
  std::string out = text.substr(std::min(given_, certain), certain - std::min(given_, certain));
  given_ = std::max(given_, certain);
  return out;
}

// The last token stays even when all of its text was given: the first token of a text may be decoded differently, for
// example without the space before it.
void DecodeStream::forget_what_is_settled(const std::string& text, size_t certain) {
  const bool settled = certain == text.size();
  if (!settled && window_.size() < kLongestWindow) return;
  const auto last = window_.end() - (settled ? 1 : kShortestWindow);
  const std::vector<int32_t> rest(last, window_.end());
  if (std::any_of(rest.begin(), rest.end(), [&](int32_t t) { return tokenizer_->is_open(t); })) return;
  const std::string rest_text = tokenizer_->decode(rest, control_);
  // A token without text of its own does not stand for those before it.
  if (rest_text.size() <= text.size() - given_ || tokenizer_->decode({&rest.front(), 1}, control_).empty()) return;
  window_ = rest;
  given_ = rest_text.size() - (text.size() - given_);
}

}  // namespace hone::policy
