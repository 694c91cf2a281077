#include "policy/tokenizer_json.h"

#include <filesystem>

#include "base/file.h"
#include "base/json_reader.h"
#include "policy/char_tokenizer.h"
#include "policy/hf_tokenizer.h"

namespace hone::policy {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// Not in the vocabulary on purpose: `tokenizers` then refuses an unknown character instead of replacing it.
constexpr const char* kUnknown = "<unk>";
constexpr int64_t kMaxFile = 256 << 20;
constexpr size_t kMaxOwnFile = 1 << 20;

std::string escape_pattern(std::string_view word) {
  std::string escaped;
  for (char c : word) {
    if (std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// "." would leave out the newline.
std::string split_pattern(const std::vector<std::string>& words) {
  std::string pattern;
  for (const std::string& word : words) pattern += escape_pattern(word) + "|";
  return pattern + "[\\s\\S]";
}

// Only <pad>, <bos> and <eos> are special: transformers then leaves them out of decoded text, but keeps the reasoning
// tags.
ordered_json added_tokens() {
  ordered_json added = ordered_json::array();
  for (std::string_view tag : CharTokenizer::tags())
    added.push_back({{"id", added.size()},
                     {"content", tag},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", added.size() < 3}});
  return added;
}

Error file_error(const std::string& path, const std::string& field, const std::string& message) {
  return {.message = message, .file = path, .field = field};
}

// model.vocab as texts by token.
Result<std::vector<std::string>> read_vocabulary(const std::string& path, const json& file) {
  const json::json_pointer pointer("/model/vocab");
  if (!file.is_object() || !file.contains(pointer) || !file[pointer].is_object())
    return file_error(path, "model.vocab", "must be an object of texts and tokens");
  const json& vocab = file[pointer];
  std::vector<std::string> texts(vocab.size());
  for (const auto& [text, token] : vocab.items()) {
    if (!token.is_number_integer() || token < 0 || token >= texts.size())
      return file_error(path, "model.vocab", str("\"", text, "\" must be an integer in [0, ", texts.size(), ")"));
    std::string& place = texts[token.get<size_t>()];
    if (!place.empty()) return file_error(path, "model.vocab", str("two texts have the token ", token.dump()));
    place = text;
  }
  return texts;
}

Result<std::unique_ptr<CharTokenizer>> from_vocabulary(const std::string& path, const std::vector<std::string>& texts) {
  const auto tags = CharTokenizer::tags();
  for (size_t i = 0; i < tags.size(); ++i)
    if (i >= texts.size() || texts[i] != tags[i])
      return file_error(path, "model.vocab", str("token ", i, " must be ", tags[i]));
  auto tokenizer = CharTokenizer::make(std::span(texts).subspan(tags.size()));
  if (!tokenizer) return file_error(path, "model.vocab", tokenizer.error().message);
  return tokenizer;
}

// "/model/unk_token" -> "model.unk_token".
std::string dotted(std::string pointer) {
  for (char& c : pointer)
    if (c == '/') c = '.';
  return pointer.empty() ? pointer : pointer.substr(1);
}

// transformers writes this template when it saves a tokenizer that adds no tokens.
bool adds_nothing(const json& post_processor) {
  return post_processor.is_object() && post_processor.value("type", json()) == "TemplateProcessing" &&
         post_processor.value("single", json()) == json::parse(R"([{"Sequence": {"id": "A", "type_id": 0}}])");
}

// How a tokenizer pads is the caller's business and may differ; everything else changes tokens.
Result<void> check_shape(const std::string& path, json file, const CharTokenizer& tokenizer) {
  json expected = json::parse(tokenizer.files().front().text);
  file["padding"] = expected["padding"];
  if (adds_nothing(file.value("post_processor", json()))) file["post_processor"] = nullptr;
  const json differences = json::diff(expected, file);
  if (differences.empty()) return {};
  const std::string pointer = differences[0]["path"];
  const json::json_pointer place(pointer);
  const std::string found = file.contains(place) ? file[place].dump().substr(0, 80) : "nothing";
  const std::string right = expected.contains(place) ? expected[place].dump().substr(0, 80) : "nothing";
  return file_error(path, dotted(pointer), str("is ", found, ", but hone reads ", right, " here"));
}

// Vocabularies of models made from scratch begin with the tags; the pattern of any other file is not one of ours.
bool is_hones_own(std::string_view text) {
  if (text.size() > kMaxOwnFile || text.find("\"WordLevel\"") == text.npos) return false;
  const json file = json::parse(text, nullptr, false);
  const json::json_pointer pointer("/model/vocab");
  if (!file.is_object() || !file.contains(pointer) || !file[pointer].is_object()) return false;
  const auto tags = CharTokenizer::tags();
  const json& vocab = file[pointer];
  for (size_t i = 0; i < tags.size(); ++i)
    if (vocab.value(std::string(tags[i]), json()) != i) return false;
  return true;
}

Result<std::unique_ptr<Tokenizer>> load_own(const std::string& path, const std::string& text) {
  HONE_TRY_ASSIGN(const json file, parse_json(text, path));
  HONE_TRY_ASSIGN(const auto texts, read_vocabulary(path, file));
  HONE_TRY_ASSIGN(auto tokenizer, from_vocabulary(path, texts));
  HONE_TRY(check_shape(path, file, *tokenizer));
  return std::unique_ptr<Tokenizer>(std::move(tokenizer));
}

}  // namespace

ordered_json tokenizer_json(const std::vector<std::string>& texts, const std::vector<std::string>& words) {
  ordered_json vocab = ordered_json::object();
  for (size_t i = 0; i < texts.size(); ++i) vocab[texts[i]] = i;
  const ordered_json split = {{"type", "Split"},
                              {"pattern", {{"Regex", split_pattern(words)}}},
                              {"behavior", "Isolated"},
                              {"invert", false}};
  return {{"version", "1.0"},         {"truncation", nullptr},     {"padding", nullptr},
          {"added_tokens", added_tokens()}, {"normalizer", nullptr},     {"pre_tokenizer", split},
          {"post_processor", nullptr}, {"decoder", {{"type", "Fuse"}}},
          {"model", {{"type", "WordLevel"}, {"vocab", vocab}, {"unk_token", kUnknown}}}};
}

ordered_json tokenizer_config_json() {
  return {{"tokenizer_class", "PreTrainedTokenizerFast"},
          {"pad_token", "<pad>"},
          {"bos_token", "<bos>"},
          {"eos_token", "<eos>"},
          {"clean_up_tokenization_spaces", false}};
}

Result<std::unique_ptr<Tokenizer>> load_tokenizer(const std::string& given) {
  const std::string path = std::filesystem::is_directory(given) ? join_path(given, "tokenizer.json") : given;
  HONE_TRY_ASSIGN(std::string text, read_file(path, kMaxFile));
  if (is_hones_own(text)) return load_own(path, text);
  HONE_TRY_ASSIGN(auto tokenizer, HfTokenizer::create(path, std::move(text)));
  return std::unique_ptr<Tokenizer>(std::move(tokenizer));
}

}  // namespace hone::policy
