#include "trainer/run_config_checks.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/utf8.h"

namespace hone::trainer {
namespace {

bool is_directory_name(const std::string& name) {
  const auto is_bad = [](char c) { return c == '/' || static_cast<unsigned char>(c) < 0x21; };
  return !name.empty() && name.size() <= 128 && name[0] != '.' && std::none_of(name.begin(), name.end(), is_bad);
}

// The first code point that stands twice, or an empty text.
std::string repeated_character(std::string_view text) {
  std::set<std::string_view> seen;
  for (size_t i = 0; i < text.size();) {
    const std::string_view character = text.substr(i, std::max<size_t>(utf8_length(text.substr(i)), 1));
    if (!seen.insert(character).second) return std::string(character);
    i += character.size();
  }
  return "";
}

}  // namespace

void ConfigChecks::resolve(const std::string& file) {
  resolve_run(file);
  resolve_policy();
  check_tokenizer();
  require(!config_.stages.empty(), {"stages"}, "a run needs at least one stage");
  constexpr size_t kMaxStages = 256;  // stages are compared with each other
  require(config_.stages.size() <= kMaxStages, {"stages"}, str("more than ", kMaxStages, " stages"));
  if (config_.stages.size() > kMaxStages) return;
  for (size_t i = 0; i < config_.stages.size(); ++i) resolve_stage(i);
}

void ConfigChecks::require(bool holds, std::initializer_list<std::string> paths, const std::string& problem) {
  if (holds || std::any_of(paths.begin(), paths.end(), [&](const auto& path) { return binding_.failed(path); })) return;
  const auto given = std::find_if(paths.begin(), paths.end(), [&](const auto& path) { return binding_.given(path); });
  const std::string& path = given != paths.end() ? *given : *paths.begin();
  binding_.fail(binding_.origin_near(path), path, problem);
}

void ConfigChecks::resolve_run(const std::string& file) {
  RunSection& run = config_.run;
  if (run.name.empty()) run.name = std::filesystem::path(file).stem().string();
  require(is_directory_name(run.name), {"run.name"}, "'" + run.name + "' cannot name a directory");
  if (run.dir.empty()) run.dir = "runs/" + run.name;
}

void ConfigChecks::check_tokenizer() {
  const TokenizerSection& tokenizer = config_.tokenizer;
  require(config_.policy.path.empty() || !binding_.given("tokenizer"), {"tokenizer", "policy.path"},
          "belongs to a policy made from scratch; the model in policy.path has its own");
  const std::string repeated = repeated_character(tokenizer.characters);
  require(repeated.empty(), {"tokenizer.characters"}, "'" + repeated + "' is given twice");
  require(!tokenizer.characters.empty(), {"tokenizer.characters"}, "there must be at least one character");
  std::set<std::string> words;
  for (const std::string& word : tokenizer.words) {
    require(word.size() > 1, {"tokenizer.words"}, "'" + word + "' is shorter than a word");
    require(words.insert(word).second, {"tokenizer.words"}, "'" + word + "' is given twice");
  }
}

}  // namespace hone::trainer
