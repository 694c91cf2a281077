// JSON in which numbers stay as they are written, so that integers of any length compare exactly. Nothing here
// recurses deeper than the limit it is given.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hone::sandboxes {

enum class JsonToken {
  kEnd, kBad,  // after kBad nothing more can be read
  kNull, kTrue, kFalse, kInteger, kFloat, kString,
  kListBegin, kListEnd, kObjectBegin, kObjectEnd, kComma, kColon,
};

// Takes tokens from the front of a text (RFC 8259), which must outlive the lexer.
class JsonLexer {
 public:
  explicit JsonLexer(std::string_view text) : text_(text) {}

  JsonToken next();
  // Of the last token, where it was a string: the characters it stands for; a number: as written.
  const std::string& value() const { return value_; }
  // Bytes of the text before and after the last token.
  size_t begin() const { return begin_; }
  size_t end() const { return at_; }

 private:
  JsonToken read_word(std::string_view word, JsonToken token);
  JsonToken read_number();
  JsonToken read_string();
  bool read_escape();
  // The 16 bits of \uXXXX, whose four digits come next; -1 where they are none.
  int read_hex();
  bool digits();
  bool take(char c);
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string_view text_;
  size_t begin_ = 0, at_ = 0;
  std::string value_;
};

struct JsonMember;
struct JsonValue {
  enum class Kind { kNull, kBoolean, kInteger, kFloat, kString, kList, kObject };
  Kind kind = Kind::kNull;
  bool boolean = false;
  std::string text;                 // a string's characters; a number as written
  std::vector<JsonValue> items;     // of a list
  std::vector<JsonMember> members;  // of an object, sorted by key, no key twice
  std::string_view source;          // the part of the text that it was read from

  // What stands under the key; null if there is nothing, or if this is no object.
  const JsonMember* find_member(std::string_view key) const;
  const JsonValue* find(std::string_view key) const;
};
struct JsonMember {
  std::string key;
  JsonValue value;
};

// "a text", "a list", ...: for messages.
std::string to_string(JsonValue::Kind kind);

// One value with nothing but space around it. `text` must outlive it.
Result<JsonValue> parse_json_value(std::string_view text, int max_depth = 64);

}  // namespace hone::sandboxes
