// The text of an answer on its way to a reader: reasoning told from the answer proper, and nothing that could steer a
// terminal.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/decode_stream.h"
#include "rollout/stop_texts.h"

namespace hone::cli {

inline constexpr std::string_view kOpenThink = "<think>", kCloseThink = "</think>";

// Whether a prompt ends within <think>, so that the answer begins with reasoning.
bool opens_reasoning(std::string_view prompt);

struct AnswerPart {
  bool reasoning = false;
  std::string text;

  bool operator==(const AnswerPart&) const = default;
};

// Tells what stands between <think> and </think> at the start of an answer from what follows. The tags belong to no
// part. Text that may be the beginning of a tag waits.
class ReasoningSplitter {
 public:
  explicit ReasoningSplitter(bool opened) : state_(opened ? State::kReasoning : State::kStart) {}

  std::vector<AnswerPart> read(std::string_view piece);
  // What waited. Nothing may be read afterwards.
  std::vector<AnswerPart> finish();

 private:
  enum class State { kStart, kReasoning, kAnswer };  // kStart: only space so far

  bool step(std::vector<AnswerPart>& parts);

  State state_;
  std::string waiting_;
};

// The text of an answer as its tokens come. What may be the beginning of a stop text waits; the stop text is left out.
class AnswerText {
 public:
  // `stop_texts` may be nullptr. The tokenizer must outlive it.
  AnswerText(const policy::Tokenizer& tokenizer, std::shared_ptr<const rollout::StopTexts> stop_texts);

  // The text that is certain with this token.
  std::string push(int32_t token);
  // The text that waited.
  std::string finish();
  bool stopped() const { return stopped_; }  // by a stop text; then nothing more may be pushed
  const std::string& text() const { return given_; }

 private:
  std::string take(std::string_view piece);

  policy::DecodeStream stream_;
  std::optional<rollout::StopSearch> search_;
  std::string given_, waiting_;
  bool stopped_ = false;
};

// The text with control characters made harmless (base/progress.h, printable); newlines and tabs stay.
std::string for_terminal(std::string_view text);

}  // namespace hone::cli
