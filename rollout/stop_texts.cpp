#include "rollout/stop_texts.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace hone::rollout {

StopTexts::StopTexts(std::vector<std::string> texts) : texts_(std::move(texts)) {
  for (const std::string& text : texts_) {
    HONE_CHECK(!text.empty(), "a stop text is empty");
    std::vector<size_t>& borders = borders_.emplace_back(text.size() + 1, 0);
    for (size_t n = 1; n < text.size(); ++n) borders[n + 1] = advance(borders_.size() - 1, borders[n], text[n]);
  }
}

size_t StopTexts::advance(size_t i, size_t matched, char byte) const {
  const std::string& text = texts_[i];
  while (matched > 0 && (matched == text.size() || text[matched] != byte)) matched = borders_[i][matched];
  return text[matched] == byte ? matched + 1 : 0;
}

std::optional<StopMatch> StopSearch::read(std::string_view piece) {
  for (const char byte : piece) {
    ++length_;
    size_t longest = 0;
    for (size_t i = 0; i < matched_.size(); ++i) {
      matched_[i] = texts_->advance(i, matched_[i], byte);
      if (matched_[i] == texts_->length(i)) longest = std::max(longest, matched_[i]);
    }
    if (longest > 0) return StopMatch{length_ - longest, length_};
  }
  return std::nullopt;
}

size_t StopSearch::pending() const { return matched_.empty() ? 0 : std::ranges::max(matched_); }

}  // namespace hone::rollout
