// Text of a configuration to values and back.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "base/edit_distance.h"
#include "base/json.h"
#include "base/schema.h"

namespace hone {
namespace {

std::string number_text(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return std::string(buffer, end);
}

std::string range_text(const Range& range) {
  const std::string lower = (range.above_min ? "greater than " : "at least ") + number_text(range.min);
  return lower + " and at most " + number_text(range.max);
}

enum class Parse { kOk, kNotANumber, kOutOfRange };

template <class T>
Parse parse_number(std::string_view text, T& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return Parse::kNotANumber;
  return error == std::errc() ? Parse::kOk : Parse::kOutOfRange;
}

// Assigns when the text is a number of the type within the range.
template <class T>
std::string assign_number(const char* type, const std::optional<Range>& range, const YamlNode& node, T& target) {
  T value{};
  const Parse parse = node.quoted ? Parse::kNotANumber : parse_number(node.text, value);
  if (parse == Parse::kNotANumber) return str("expected ", type, ", not ", describe(node));
  if constexpr (std::is_same_v<T, double>) {
    if (!std::isfinite(value)) return str("expected ", type, ", not ", describe(node));
    if (parse == Parse::kOutOfRange) return node.text + " does not fit into a 64-bit float";
  }
  if (parse == Parse::kOutOfRange || (range && !range->contains(static_cast<double>(value)))) {
    return node.text + " is out of bounds: " + (range ? range_text(*range) : std::string("a 64-bit number"));
  }
  target = value;
  return "";
}

std::string assign_choice(const std::vector<std::string>& names, const YamlNode& node, size_t& index) {
  for (index = 0; index < names.size(); ++index) {
    if (names[index] == node.text) return "";
  }
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return "expected one of " + all + ", not " + describe(node) + did_you_mean(node.text, names);
}

std::string beside_source(const Origin& origin, const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path base = origin.line > 0 ? fs::path(origin.source).parent_path() : fs::path();
  const fs::path absolute = fs::absolute(base / path, error);
  return error ? path : absolute.lexically_normal().string();
}

std::string assign_text(const FieldInfo& info, const YamlNode& node, std::string& target) {
  size_t index = 0;
  if (node.text.empty() && !info.required) return target.clear(), "";
  if (!info.choices.empty()) {
    if (const std::string problem = assign_choice(info.choices, node, index); !problem.empty()) return problem;
  }
  if (info.is_name && !is_name(node.text)) {
    return describe(node) + " is not a name: up to 64 of a-z, 0-9, '_' and '-'";
  }
  if (node.text.find('\0') != std::string::npos) return "a text cannot hold a zero character";
  target = info.is_file ? beside_source(node.origin, node.text) : node.text;
  return "";
}

std::string assign_texts(const YamlNode& node, std::vector<std::string>& target) {
  if (node.kind != YamlKind::kList) return "expected a list of texts, not " + describe(node);
  std::vector<std::string> texts;
  for (const YamlPtr& item : node.items) {
    if (item->kind != YamlKind::kScalar) return "expected a list of texts, not " + describe(*item) + " in it";
    texts.push_back(item->text);
  }
  target = std::move(texts);
  return "";
}

std::string assign_bool(const YamlNode& node, bool& target) {
  const bool is_true = node.text == "true";
  if (node.quoted || (!is_true && node.text != "false")) return "expected true or false, not " + describe(node);
  target = is_true;
  return "";
}

// A plain scalar where that reads back as the same text, else in double quotes.
std::string text_to_yaml(const std::string& text) {
  const auto is_plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '/'; };
  bool plain = !text.empty() && is_plain(text[0]);
  for (const char c : text) plain = plain && (is_plain(c) || c == '-' || c == '.');
  const bool is_null = text == "null" || text == "Null" || text == "NULL";
  if (plain && !is_null) return text;
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

struct Assigner {
  const FieldInfo& info;
  const YamlNode& node;

  std::string operator()(bool* target) const { return assign_bool(node, *target); }
  std::string operator()(int64_t* target) const { return assign_number("a whole number", info.range, node, *target); }
  std::string operator()(uint64_t* target) const {
    return assign_number("a whole number of 0 or more", info.range, node, *target);
  }
  std::string operator()(double* target) const { return assign_number("a number", info.range, node, *target); }
  std::string operator()(std::optional<double>* target) const {
    double value = 0;
    std::string problem = assign_number("a number", info.range, node, value);
    if (problem.empty()) *target = value;
    return problem;
  }
  std::string operator()(std::string* target) const { return assign_text(info, node, *target); }
  std::string operator()(const EnumView& view) const {
    size_t index = 0;
    std::string problem = assign_choice({view.names.begin(), view.names.end()}, node, index);
    if (problem.empty()) view.set(static_cast<int>(index));
    return problem;
  }
  std::string operator()(std::vector<std::string>*) const { return ""; }
  std::string operator()(const SectionView&) const { return ""; }
  std::string operator()(const ListView&) const { return ""; }
};

struct Writer {
  std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
  std::string operator()(const int64_t* value) const { return std::to_string(*value); }
  std::string operator()(const uint64_t* value) const { return std::to_string(*value); }
  std::string operator()(const double* value) const { return number_text(*value); }
  std::string operator()(const std::optional<double>* value) const { return *value ? number_text(**value) : "null"; }
  std::string operator()(const std::string* value) const { return text_to_yaml(*value); }
  std::string operator()(const EnumView& view) const { return view.names[static_cast<size_t>(view.get())]; }
  std::string operator()(const std::vector<std::string>* values) const {
    std::string out;
    for (const std::string& value : *values) out += (out.empty() ? "" : ", ") + text_to_yaml(value);
    return "[" + out + "]";
  }
  std::string operator()(const SectionView&) const { return ""; }
  std::string operator()(const ListView&) const { return ""; }
};

struct TypeName {
  const FieldInfo& info;

  std::string operator()(bool*) const { return "true or false"; }
  std::string operator()(int64_t*) const { return "whole number, " + range_text(*info.range); }
  std::string operator()(uint64_t*) const { return "whole number, 0 to 18446744073709551615"; }
  std::string operator()(double*) const { return "number, " + range_text(*info.range); }
  std::string operator()(std::optional<double>*) const { return "number, " + range_text(*info.range); }
  std::string operator()(std::string*) const {
    if (info.choices.empty()) return info.is_file ? "path" : info.is_name ? "name" : "text";
    return choice(info.choices);
  }
  std::string operator()(const EnumView& view) const { return choice({view.names.begin(), view.names.end()}); }
  std::string operator()(std::vector<std::string>*) const { return "list of texts"; }
  std::string operator()(const SectionView&) const { return "section"; }
  std::string operator()(const ListView&) const { return "list of sections"; }

  static std::string choice(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : " | ") + name;
    return out;
  }
};

}  // namespace

bool is_name(std::string_view text) {
  constexpr size_t kMaxName = 64;  // names become parts of file names
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
  return !text.empty() && text.size() <= kMaxName && std::all_of(text.begin(), text.end(), allowed);
}

std::string assign(const Field& field, const YamlNode& value) {
  if (auto* texts = std::get_if<std::vector<std::string>*>(&field.view)) return assign_texts(value, **texts);
  if (value.kind != YamlKind::kScalar) {
    return "expected " + describe_type(field) + "; found " + describe(value);
  }
  return std::visit(Assigner{field.info, value}, field.view);
}

std::string to_yaml(const Field& leaf) { return std::visit(Writer{}, leaf.view); }

std::string describe_type(const Field& field) { return std::visit(TypeName{field.info}, field.view); }

std::string describe_default(const Field& field) {
  if (field.info.required) return "required";
  if (!field.info.derived.empty()) return "default: " + field.info.derived;
  return field.is_leaf() ? "default: " + to_yaml(field) : "";
}

}  // namespace hone
