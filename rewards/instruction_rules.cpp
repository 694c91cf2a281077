#include <map>

#include "rewards/instruction.h"
#include "rewards/instruction_text.h"
#include "rewards/names.h"
#include "rewards/tags.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using Text = std::string_view;
using MadeRule = Result<InstructionRule>;

constexpr size_t kMaxKeyword = 256, kMaxKeywords = 256;  // bound the time of a search in a hostile response

Error bad(const char* key, const char* wanted) { return {.message = str("must be ", wanted), .field = key}; }

Result<int64_t> integer(const json& arguments, const char* key) {
  const auto found = arguments.find(key);
  if (found == arguments.end() || !found->is_number()) return bad(key, "a number");
  const double value = found->get<double>();
  if (!(value >= 0 && value <= 1e9) || value != static_cast<double>(static_cast<int64_t>(value)))
    return bad(key, "an integer from 0 on");
  return static_cast<int64_t>(value);
}

Result<std::string> text_of(const json& arguments, const char* key) {
  const auto found = arguments.find(key);
  if (found == arguments.end() || !found->is_string()) return bad(key, "a text");
  const Text text = trim(found->get_ref<const std::string&>());
  if (text.empty()) return bad(key, "a text that is not blank");
  return std::string(text);
}

Result<std::string> keyword_of(const json& arguments, const char* key) {
  HONE_TRY_ASSIGN(const std::string text, text_of(arguments, key));
  if (text.size() > kMaxKeyword) return bad(key, "at most 256 bytes long");
  return text;
}

Result<std::vector<std::string>> keywords_of(const json& arguments, const char* key) {
  const auto found = arguments.find(key);
  if (found == arguments.end() || !found->is_array() || found->empty() || found->size() > kMaxKeywords)
    return bad(key, "a list of 1 to 256 texts");
  std::vector<std::string> words;
  for (const json& word : *found) {
    HONE_TRY_ASSIGN(const std::string text, keyword_of(json{{key, word}}, key));
    words.push_back(ascii_lower(text));
  }
  return words;
}

// Compares a count with the argument `number` as the argument `relation` says; without `relation` with >=.
using Compare = std::function<bool(int64_t)>;
Result<Compare> compare(const json& arguments, const char* number, const char* relation = nullptr) {
  HONE_TRY_ASSIGN(const int64_t threshold, integer(arguments, number));
  bool less = false;
  if (relation != nullptr) {
    HONE_TRY_ASSIGN(const std::string name, text_of(arguments, relation));
    if (name != "less than" && name != "at least") return bad(relation, "\"less than\" or \"at least\"");
    less = name == "less than";
  }
  return Compare([=](int64_t count) { return less ? count < threshold : count >= threshold; });
}

// A rule that compares what `count` finds.
MadeRule counting(int64_t (*count)(Text), const json& arguments, const char* number, const char* relation = nullptr) {
  HONE_TRY_ASSIGN(const Compare fits, compare(arguments, number, relation));
  return InstructionRule([=](Text response) { return fits(count(response)); });
}

MadeRule equal_count(int64_t (*count)(Text), const json& arguments, const char* number) {
  HONE_TRY_ASSIGN(const int64_t wanted, integer(arguments, number));
  return InstructionRule([=](Text response) { return count(response) == wanted; });
}

MadeRule plain(bool (*holds)(Text)) { return InstructionRule(holds); }

MadeRule existence(const json& arguments) {
  HONE_TRY_ASSIGN(const auto words, keywords_of(arguments, "keywords"));
  return InstructionRule([=](Text response) {
    const std::string lower = ascii_lower(response);
    for (const std::string& word : words)
      if (lower.find(word) == lower.npos) return false;
    return true;
  });
}

MadeRule forbidden(const json& arguments) {
  HONE_TRY_ASSIGN(const auto words, keywords_of(arguments, "forbidden_words"));
  return InstructionRule([=](Text response) {
    const std::string lower = ascii_lower(response);
    for (const std::string& word : words)
      if (has_word(lower, word)) return false;
    return true;
  });
}

MadeRule frequency(const json& arguments) {
  HONE_TRY_ASSIGN(const std::string keyword, keyword_of(arguments, "keyword"));
  HONE_TRY_ASSIGN(const Compare fits, compare(arguments, "frequency", "relation"));
  return InstructionRule([fits, word = ascii_lower(keyword)](Text response) {
    return fits(count_of(ascii_lower(response), word));
  });
}

MadeRule letter_frequency(const json& arguments) {
  HONE_TRY_ASSIGN(const std::string letter, keyword_of(arguments, "letter"));
  HONE_TRY_ASSIGN(const Compare fits, compare(arguments, "let_frequency", "let_relation"));
  return InstructionRule([fits, wanted = ascii_lower(letter)](Text response) {
    return fits(count_of(ascii_lower(response), wanted));
  });
}

MadeRule first_word(const json& arguments) {
  HONE_TRY_ASSIGN(const int64_t paragraphs, integer(arguments, "num_paragraphs"));
  HONE_TRY_ASSIGN(const int64_t nth, integer(arguments, "nth_paragraph"));
  HONE_TRY_ASSIGN(const std::string word, keyword_of(arguments, "first_word"));
  if (nth < 1 || nth > paragraphs) return bad("nth_paragraph", "from 1 to num_paragraphs");
  return InstructionRule([=](Text response) { return paragraph_begins(response, paragraphs, nth, word); });
}

MadeRule sections(const json& arguments) {
  HONE_TRY_ASSIGN(const std::string word, keyword_of(arguments, "section_spliter"));
  HONE_TRY_ASSIGN(const Compare fits, compare(arguments, "num_sections"));
  return InstructionRule([=](Text response) { return fits(count_sections(response, word)); });
}

MadeRule postscript(const json& arguments) {
  HONE_TRY_ASSIGN(const std::string marker, keyword_of(arguments, "postscript_marker"));
  return InstructionRule([=](Text response) { return has_postscript(response, marker); });
}

MadeRule repeat_prompt(const json& arguments) {
  HONE_TRY_ASSIGN(const std::string prompt, text_of(arguments, "prompt_to_repeat"));
  return InstructionRule([lower = ascii_lower(prompt)](Text response) {
    return ascii_lower(trim(response).substr(0, lower.size())) == lower;
  });
}

MadeRule end_phrase(const json& arguments) {
  HONE_TRY_ASSIGN(const std::string phrase, text_of(arguments, "end_phrase"));
  return InstructionRule([lower = ascii_lower(phrase)](Text response) {
    response = trim(response);
    while (response.ends_with('"')) response.remove_suffix(1);
    return response.size() >= lower.size() && ascii_lower(response.substr(response.size() - lower.size())) == lower;
  });
}

bool is_constrained(Text response) {
  for (Text option : {"My answer is yes.", "My answer is no.", "My answer is maybe."})
    if (response.find(option) != response.npos) return true;
  return false;
}

bool is_quoted(Text response) {
  response = trim(response);
  return response.size() > 1 && response.front() == '"' && response.back() == '"';
}

using Maker = MadeRule (*)(const json&);
const std::map<std::string, Maker>& makers() {
  using Arguments = const json&;
  static const std::map<std::string, Maker> table = {
      {"keywords:existence", existence},
      {"keywords:frequency", frequency},
      {"keywords:forbidden_words", forbidden},
      {"keywords:letter_frequency", letter_frequency},
      {"length_constraints:number_words",
       [](Arguments a) { return counting(count_words, a, "num_words", "relation"); }},
      {"length_constraints:number_paragraphs",
       [](Arguments a) { return equal_count(count_paragraphs, a, "num_paragraphs"); }},
      {"length_constraints:nth_paragraph_first_word", first_word},
      {"detectable_content:number_placeholders",
       [](Arguments a) { return counting(count_placeholders, a, "num_placeholders"); }},
      {"detectable_content:postscript", postscript},
      {"detectable_format:number_bullet_lists",
       [](Arguments a) { return equal_count(count_bullets, a, "num_bullets"); }},
      {"detectable_format:constrained_response", [](Arguments) { return plain(is_constrained); }},
      {"detectable_format:number_highlighted_sections",
       [](Arguments a) { return counting(count_highlights, a, "num_highlights"); }},
      {"detectable_format:multiple_sections", sections},
      {"detectable_format:json_format", [](Arguments) { return plain(is_json_block); }},
      {"detectable_format:title", [](Arguments) { return plain(has_title); }},
      {"combination:two_responses", [](Arguments) { return plain(is_two_responses); }},
      {"combination:repeat_prompt", repeat_prompt},
      {"startend:end_checker", end_phrase},
      {"startend:quotation", [](Arguments) { return plain(is_quoted); }},
      {"change_case:capital_word_frequency",
       [](Arguments a) { return counting(count_capital_words, a, "capital_frequency", "capital_relation"); }},
      {"change_case:english_capital",
       [](Arguments) { return plain([](Text text) { return is_latin_in(text, Case::kUpper); }); }},
      {"change_case:english_lowercase",
       [](Arguments) { return plain([](Text text) { return is_latin_in(text, Case::kLower); }); }},
      {"punctuation:no_comma", [](Arguments) { return plain([](Text text) { return text.find(',') == text.npos; }); }},
  };
  return table;
}

}  // namespace

Result<InstructionRule> make_instruction(const std::string& id, const json& arguments) {
  const auto found = makers().find(id);
  if (found == makers().end()) {
    std::vector<std::string> known;
    for (const auto& [name, maker] : makers()) known.push_back(name);
    return unknown_name("instruction", id, known);
  }
  if (!arguments.is_object() && !arguments.is_null()) return bad("kwargs", "objects");
  auto rule = found->second(arguments.is_null() ? json::object() : arguments);
  if (rule) return rule;
  Error error = rule.error();
  error.field = str(id, ".", error.field);
  return error;
}

}  // namespace hone::rewards
