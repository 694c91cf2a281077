#include "sandboxes/judge_json.h"

#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "base/utf8.h"

namespace hone::sandboxes {
namespace {

using Kind = JsonValue::Kind;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, uint32_t point) {
  const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto follow = [&](int shift) { put(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) return put(point);
  if (point < 0x800) return put(0xC0 | (point >> 6)), follow(0);
  if (point < 0x10000) return put(0xE0 | (point >> 12)), follow(6), follow(0);
  put(0xF0 | (point >> 18)), follow(12), follow(6), follow(0);
}

class Parser {
 public:
  Parser(std::string_view text, int max_depth) : text_(text), lexer_(text), max_depth_(max_depth) {}

  Result<JsonValue> parse() {
    HONE_TRY_ASSIGN(JsonValue value, parse_value(lexer_.next(), 0));
    if (lexer_.next() != JsonToken::kEnd) return bad();
    return value;
  }

 private:
  Error bad() const { return {.message = str("not valid JSON near byte ", lexer_.begin() + 1)}; }

  Result<JsonValue> parse_value(JsonToken token, int depth) {
    const size_t begin = lexer_.begin();
    JsonValue value;
    HONE_TRY(fill(value, token, depth));
    value.source = text_.substr(begin, lexer_.end() - begin);
    return value;
  }

  Result<void> fill(JsonValue& value, JsonToken token, int depth) {
    switch (token) {
      case JsonToken::kNull: return {};
      case JsonToken::kTrue:
      case JsonToken::kFalse:
        value.kind = Kind::kBoolean;
        value.boolean = token == JsonToken::kTrue;
        return {};
      case JsonToken::kInteger: return fill_text(value, Kind::kInteger);
      case JsonToken::kFloat: return fill_text(value, Kind::kFloat);
      case JsonToken::kString: return fill_text(value, Kind::kString);
      case JsonToken::kListBegin:
      case JsonToken::kObjectBegin:
        if (depth >= max_depth_) return Error{.message = str("nested deeper than ", max_depth_)};
        return token == JsonToken::kListBegin ? fill_list(value, depth + 1) : fill_object(value, depth + 1);
      default: return bad();
    }
  }

  Result<void> fill_text(JsonValue& value, Kind kind) {
    value.kind = kind;
    value.text = lexer_.value();
    return {};
  }

  Result<void> fill_list(JsonValue& list, int depth) {
    list.kind = Kind::kList;
    JsonToken token = lexer_.next();
    if (token == JsonToken::kListEnd) return {};
    while (true) {
      HONE_TRY_ASSIGN(JsonValue item, parse_value(token, depth));
      list.items.push_back(std::move(item));
      token = lexer_.next();
      if (token == JsonToken::kListEnd) return {};
      if (token != JsonToken::kComma) return bad();
      token = lexer_.next();
    }
  }

  Result<void> fill_object(JsonValue& object, int depth) {
    object.kind = Kind::kObject;
    JsonToken token = lexer_.next();
    while (token != JsonToken::kObjectEnd || !object.members.empty()) {
      if (token != JsonToken::kString) return bad();
      std::string key = lexer_.value();
      if (lexer_.next() != JsonToken::kColon) return bad();
      HONE_TRY_ASSIGN(JsonValue value, parse_value(lexer_.next(), depth));
      object.members.push_back({std::move(key), std::move(value)});
      token = lexer_.next();
      if (token == JsonToken::kObjectEnd) break;
      if (token != JsonToken::kComma) return bad();
      token = lexer_.next();
    }
    std::ranges::sort(object.members, {}, &JsonMember::key);
    const auto twice = std::ranges::adjacent_find(object.members, {}, &JsonMember::key);
    if (twice != object.members.end()) return Error{.message = str("key twice: ", twice->key)};
    return {};
  }

  std::string_view text_;
  JsonLexer lexer_;
  int max_depth_;
};

}  // namespace

JsonToken JsonLexer::next() {
  while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') ++at_;
  begin_ = at_;
  if (at_ == text_.size()) return JsonToken::kEnd;
  const auto single = [&](JsonToken token) { return ++at_, token; };
  switch (text_[at_]) {
    case '[': return single(JsonToken::kListBegin);
    case ']': return single(JsonToken::kListEnd);
    case '{': return single(JsonToken::kObjectBegin);
    case '}': return single(JsonToken::kObjectEnd);
    case ',': return single(JsonToken::kComma);
    case ':': return single(JsonToken::kColon);
    case 'n': return read_word("null", JsonToken::kNull);
    case 't': return read_word("true", JsonToken::kTrue);
    case 'f': return read_word("false", JsonToken::kFalse);
    case '"': return read_string();
    default: return read_number();
  }
}

JsonToken JsonLexer::read_word(std::string_view word, JsonToken token) {
  if (text_.substr(at_, word.size()) != word) return JsonToken::kBad;
  at_ += word.size();
  return token;
}

bool JsonLexer::take(char c) {
  if (peek() != c || at_ == text_.size()) return false;
  ++at_;
  return true;
}

bool JsonLexer::digits() {
  const size_t first = at_;
  while (is_digit(peek())) ++at_;
  return at_ > first;
}

JsonToken JsonLexer::read_number() {
  take('-');
  if (!take('0') && !digits()) return JsonToken::kBad;
  JsonToken token = JsonToken::kInteger;
  if (take('.')) {
    if (!digits()) return JsonToken::kBad;
    token = JsonToken::kFloat;
  }
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    if (!digits()) return JsonToken::kBad;
    token = JsonToken::kFloat;
  }
  value_ = text_.substr(begin_, at_ - begin_);
  return token;
}

JsonToken JsonLexer::read_string() {
  value_.clear();
  ++at_;
  while (at_ < text_.size()) {
    if (take('"')) return JsonToken::kString;
    if (take('\\')) {
      if (!read_escape()) return JsonToken::kBad;
      continue;
    }
    const size_t length = utf8_length(text_.substr(at_, 4));
    if (length == 0 || static_cast<unsigned char>(text_[at_]) < 0x20) return JsonToken::kBad;
    value_.append(text_, at_, length);
    at_ += length;
  }
  return JsonToken::kBad;
}

bool JsonLexer::read_escape() {
  constexpr std::string_view kLetters = "\"\\/bfnrt", kCharacters = "\"\\/\b\f\n\r\t";
  if (take('u')) {
    const int high = read_hex();
    if (high < 0 || (high >= 0xDC00 && high <= 0xDFFF)) return false;
    if (high < 0xD800 || high > 0xDFFF) return append_utf8(value_, static_cast<uint32_t>(high)), true;
    if (!take('\\') || !take('u')) return false;
    const int low = read_hex();
    if (low < 0xDC00 || low > 0xDFFF) return false;
    append_utf8(value_, 0x10000 + ((static_cast<uint32_t>(high) & 0x3FF) << 10) + (static_cast<uint32_t>(low) & 0x3FF));
    return true;
  }
  const size_t letter = at_ < text_.size() ? kLetters.find(text_[at_]) : kLetters.npos;
  if (letter == kLetters.npos) return false;
  value_.push_back(kCharacters[letter]);
  ++at_;
  return true;
}

int JsonLexer::read_hex() {
  int value = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const char c = peek();
    const int digit = is_digit(c)            ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

const JsonMember* JsonValue::find_member(std::string_view key) const {
  const auto found = std::ranges::lower_bound(members, key, {}, &JsonMember::key);
  return found != members.end() && found->key == key ? &*found : nullptr;
}

const JsonValue* JsonValue::find(std::string_view key) const {
  const JsonMember* member = find_member(key);
  return member == nullptr ? nullptr : &member->value;
}

std::string to_string(JsonValue::Kind kind) {
  constexpr const char* kNames[] = {"null", "a boolean", "an integer", "a number", "a text", "a list", "an object"};
  return kNames[static_cast<int>(kind)];
}

Result<JsonValue> parse_json_value(std::string_view text, int max_depth) { return Parser(text, max_depth).parse(); }

}  // namespace hone::sandboxes
