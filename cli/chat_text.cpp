#include "cli/chat_text.h"

#include <algorithm>

#include "base/progress.h"

namespace hone::cli {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// Bytes at the end of the text that are the beginning of the tag.
size_t begun(std::string_view text, std::string_view tag) {
  for (size_t n = std::min(text.size(), tag.size() - 1); n > 0; --n)
    if (text.ends_with(tag.substr(0, n))) return n;
  return 0;
}

}  // namespace

bool opens_reasoning(std::string_view prompt) {
  const size_t last = prompt.find_last_not_of(kSpace);
  return last != prompt.npos && prompt.substr(0, last + 1).ends_with(kOpenThink);
}

std::vector<AnswerPart> ReasoningSplitter::read(std::string_view piece) {
  waiting_ += piece;
  std::vector<AnswerPart> parts;
  while (step(parts)) {}
  return parts;
}

// Takes what is certain off waiting_; whether there may be more.
bool ReasoningSplitter::step(std::vector<AnswerPart>& parts) {
  const auto take = [&](bool reasoning, size_t bytes) {
    if (bytes > 0) parts.push_back({reasoning, waiting_.substr(0, bytes)});
    waiting_.erase(0, bytes);
  };
  if (state_ == State::kAnswer) return take(false, waiting_.size()), false;
  if (state_ == State::kReasoning) {
    const size_t end = waiting_.find(kCloseThink);
    if (end == waiting_.npos) return take(true, waiting_.size() - begun(waiting_, kCloseThink)), false;
    take(true, end);
    waiting_.erase(0, kCloseThink.size());
    state_ = State::kAnswer;
    return true;
  }
  const size_t start = waiting_.find_first_not_of(kSpace);
  if (start == waiting_.npos) return false;
  const std::string_view text = std::string_view(waiting_).substr(start);
  if (text.starts_with(kOpenThink)) {
    waiting_.erase(0, start + kOpenThink.size());
    state_ = State::kReasoning;
    return true;
  }
  if (kOpenThink.starts_with(text)) return false;
  state_ = State::kAnswer;
  return true;
}

std::vector<AnswerPart> ReasoningSplitter::finish() {
  if (waiting_.empty()) return {};
  return {{state_ == State::kReasoning, std::move(waiting_)}};
}

AnswerText::AnswerText(const policy::Tokenizer& tokenizer, std::shared_ptr<const rollout::StopTexts> stop_texts)
    : stream_(tokenizer) {
  if (stop_texts) search_.emplace(std::move(stop_texts));
}

std::string AnswerText::push(int32_t token) { return take(stream_.push(token)); }

std::string AnswerText::finish() {
  std::string out = stopped_ ? "" : take(stream_.flush());
  out += waiting_;
  given_ += waiting_;
  waiting_.clear();
  return out;
}

std::string AnswerText::take(std::string_view piece) {
  waiting_ += piece;
  size_t certain = waiting_.size();
  if (search_) {
    const auto match = search_->read(piece);
    stopped_ = match.has_value();
    if (match) waiting_.resize(match->begin - given_.size());
    certain = match ? waiting_.size() : waiting_.size() - search_->pending();
  }
  std::string out = waiting_.substr(0, certain);
  waiting_.erase(0, certain);
  given_ += out;
  return out;
}

std::string for_terminal(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of("\n\t"), text.size());
    out += printable(text.substr(0, end));
    if (end < text.size()) out += text[end];
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace hone::cli
