// The tokens of an answer, whatever mixture of LaTeX, plain text and Unicode it is written in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rewards/math/policy.h"
#include "rewards/math/tree.h"

namespace hone::math {

enum class Tok : uint8_t {
  kEnd,
  kError,
  kNumber,    // code: index into Tokens::literals
  kSymbol,    // text: a letter or the name of a Greek letter
  kWord,      // text: several letters that mean nothing yet
  kText,      // text: content of \text{...}
  kConstant,  // code: Constant
  kFunction,  // code: Function
  kNamedSet,  // code: letter
  kRelation,  // code: Relation
  kPlus,
  kMinus,
  kPlusMinus,
  kMinusPlus,
  kTimes,
  kDivide,
  kCaret,
  kUnderscore,
  kBang,
  kPrime,
  kPercent,
  kDegree,
  kOpen,   // code: one of ( [ { B (a \{) < f (floor) c (ceiling)
  kClose,  // code: the same characters
  kBar,    // code: 'l' after \left, 'r' after \right, else 0
  kNorm,
  kComma,
  kSemicolon,
  kColon,
  kAmpersand,
  kRow,
  kCurrency,
  kAnd,
  kOr,
  kFraction,
  kBinomial,
  kSum,
  kProduct,
  kOverline,
  kFont,
  kBegin,
  kEnd_,
  kDots,
  kUnion,
  kIntersection,
  kDifference,
  kSlashed,  // \not
  kOpaque,   // text: a command known by name only, as \int
  kMod,      // \pmod, \bmod
  kBox,
};

struct Token {
  Tok kind = Tok::kEnd;
  bool spaced = false;  // white space stood before it
  uint32_t code = 0;
  std::string_view text;
  uint32_t begin = 0;  // bytes of the input
  uint32_t end = 0;
};

struct Tokens {
  std::vector<Token> list;  // ends with kEnd
  std::vector<Literal> literals;
  std::string error;   // why it cannot be read; empty: it can
  bool limit = false;  // the error is a limit exceeded
};

// Limits on an answer, counted before it is parsed. The figures are those of inspect_ai's math grader where it has one.
inline constexpr size_t kMaxAnswerBytes = 4096;
inline constexpr size_t kMaxTokens = 2048;
inline constexpr size_t kMaxNumeralDigits = 256;
inline constexpr size_t kMaxDigits = 2048;

// Views of `text` stay in the tokens. Time linear in the text.
Tokens tokenize(std::string_view text, const Policy& policy);

// A command by its name, or a word that stands for one in plain text; kError when there is none.
Token find_command(std::string_view name);
Token find_word(std::string_view word);

}  // namespace hone::math
