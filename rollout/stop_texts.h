// Texts that end an answer, found while it is written, wherever the borders of its tokens are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/decode_stream.h"

namespace hone::rollout {

// Bytes [begin, end) of an answer's text.
struct StopMatch {
  size_t begin = 0, end = 0;

  bool operator==(const StopMatch&) const = default;
};

// Texts to look for. Immutable, so that all answers of a group share it.
class StopTexts {
 public:
  // Requires texts that are not empty.
  explicit StopTexts(std::vector<std::string> texts);

  size_t size() const { return texts_.size(); }
  size_t length(size_t i) const { return texts_[i].size(); }
  // How much of text i stands at the end of a text that ended with its first `matched` bytes and goes on with `byte`
  // (Knuth, Morris and Pratt, "Fast pattern matching in strings", 1977).
  size_t advance(size_t i, size_t matched, char byte) const;

 private:
  std::vector<std::string> texts_;
  std::vector<std::vector<size_t>> borders_;  // [i][n]: longest proper prefix of text i that ends its first n bytes
};

// Finds the first place at which one of the texts ends; of those that end there, the longest. Work per byte is that of
// one comparison for each text, on average.
class StopSearch {
 public:
  explicit StopSearch(std::shared_ptr<const StopTexts> texts) : texts_(std::move(texts)), matched_(texts_->size()) {}

  // Reads on where the last call ended. Nothing may be read after a match.
  std::optional<StopMatch> read(std::string_view piece);
  // Bytes at the end of what was read that may be the beginning of a match.
  size_t pending() const;

 private:
  std::shared_ptr<const StopTexts> texts_;
  std::vector<size_t> matched_;  // bytes of each text at the end of what was read
  size_t length_ = 0;            // of what was read
};

// Reads an answer token by token: its text is what Tokenizer::decode gives with control tokens left out.
class StopReader {
 public:
  StopReader(const policy::Tokenizer& tokenizer, std::shared_ptr<const StopTexts> texts)
      : stream_(tokenizer), search_(std::move(texts)) {}

  // Requires that nothing was found yet.
  std::optional<StopMatch> push(int32_t token) { return search_.read(stream_.push(token)); }
  // No token follows: looks through the text that waited for one.
  std::optional<StopMatch> finish() { return search_.read(stream_.flush()); }

 private:
  policy::DecodeStream stream_;
  StopSearch search_;
};

}  // namespace hone::rollout
