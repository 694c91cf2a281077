#include "sandboxes/judge_answer.h"

#include <charconv>
#include <cmath>
#include <optional>

namespace hone::sandboxes {
namespace {

using Kind = JsonValue::Kind;

// Whether the number is the integer, not only near it. Requires a finite number.
bool is_exactly(double number, std::string_view integer) {
  if (std::trunc(number) != number) return false;
  char digits[512];
  const char* end = std::to_chars(digits, digits + sizeof digits, number, std::chars_format::fixed, 0).ptr;
  return same_integer({digits, static_cast<size_t>(end - digits)}, integer);
}

// Reads the answer along the expected value, which bounds the depth.
class Matcher {
 public:
  Matcher(std::string_view answer, const Tolerance& tolerance) : lexer_(answer), tolerance_(tolerance) {}

  bool match(const JsonValue& expected) { return match_value(expected) && lexer_.next() == JsonToken::kEnd; }

 private:
  bool match_value(const JsonValue& expected) {
    const JsonToken token = lexer_.next();
    switch (expected.kind) {
      case Kind::kNull: return token == JsonToken::kNull;
      case Kind::kBoolean: return token == (expected.boolean ? JsonToken::kTrue : JsonToken::kFalse);
      case Kind::kInteger:
      case Kind::kFloat: return match_number(token, expected);
      case Kind::kString: return token == JsonToken::kString && lexer_.value() == expected.text;
      case Kind::kList: return token == JsonToken::kListBegin && match_list(expected);
      case Kind::kObject: return token == JsonToken::kObjectBegin && match_object(expected);
    }
    return false;
  }

  bool match_number(JsonToken token, const JsonValue& expected) const {
    if (token != JsonToken::kInteger && token != JsonToken::kFloat) return false;
    const std::string& text = lexer_.value();
    const bool is_integer = token == JsonToken::kInteger, wants_integer = expected.kind == Kind::kInteger;
    if (is_integer && wants_integer) return same_integer(text, expected.text);
    const std::optional<double> number = parse_decimal(text), wanted = parse_decimal(expected.text);
    if (!number || !wanted) return false;
    if (tolerance_.absolute + tolerance_.relative > 0 && tolerance_.accepts(*number, *wanted)) return true;
    if (is_integer) return is_exactly(*wanted, text);
    return wants_integer ? is_exactly(*number, expected.text) : *number == *wanted;
  }

  bool match_list(const JsonValue& expected) {
    for (size_t i = 0; i < expected.items.size(); ++i) {
      if (i > 0 && lexer_.next() != JsonToken::kComma) return false;
      if (!match_value(expected.items[i])) return false;
    }
    return lexer_.next() == JsonToken::kListEnd;
  }

  bool match_object(const JsonValue& expected) {
    std::vector<bool> seen(expected.members.size());
    for (size_t i = 0; i < expected.members.size(); ++i) {
      if (i > 0 && lexer_.next() != JsonToken::kComma) return false;
      if (lexer_.next() != JsonToken::kString) return false;
      const JsonMember* member = expected.find_member(lexer_.value());
      if (member == nullptr) return false;
      const auto index = static_cast<size_t>(member - expected.members.data());
      if (seen[index]) return false;
      seen[index] = true;
      if (lexer_.next() != JsonToken::kColon || !match_value(member->value)) return false;
    }
    return lexer_.next() == JsonToken::kObjectEnd;
  }

  JsonLexer lexer_;
  const Tolerance& tolerance_;
};

}  // namespace

bool answer_matches(std::string_view answer, const JsonValue& expected, const Tolerance& tolerance) {
  return Matcher(answer, tolerance).match(expected);
}

}  // namespace hone::sandboxes
