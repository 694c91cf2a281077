#include "policy/tokenizer_config.h"

#include "base/file.h"
#include "base/json_reader.h"

namespace hone::policy {
namespace {

using nlohmann::json;

constexpr int64_t kMaxFile = 64 << 20;
constexpr const char* kNames[] = {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token",
                                  "mask_token"};

Result<json> read_object(const std::string& path) {
  if (!path_exists(path)) return json::object();
  HONE_TRY_ASSIGN(const std::string text, read_file(path, kMaxFile));
  HONE_TRY_ASSIGN(json object, parse_json(text, path));
  if (!object.is_object()) return Error{.message = "must be an object", .file = path};
  return object;
}

// A token is written as its text or as an object with the member content.
Result<std::string> token_text(const json& token, const std::string& path, const std::string& field) {
  const json& text = token.is_object() && token.contains("content") ? token["content"] : token;
  if (!text.is_string())
    return Error{.message = "must be a text or an object with the text content", .file = path, .field = field};
  return text.get<std::string>();
}

}  // namespace

Result<TokenizerConfig> read_tokenizer_config(const std::string& directory) {
  const std::string config_path = join_path(directory, "tokenizer_config.json"),
                    map_path = join_path(directory, "special_tokens_map.json");
  TokenizerConfig out;
  HONE_TRY_ASSIGN(out.config, read_object(config_path));
  HONE_TRY_ASSIGN(const json map, read_object(map_path));
  out.special_tokens_file = path_exists(config_path) ? config_path : map_path;
  for (const char* name : kNames) {
    const bool in_config = out.config.contains(name);
    const json token = in_config ? out.config[name] : map.value(name, json());
    if (token.is_null()) continue;
    HONE_TRY_ASSIGN(out.special_tokens[name], token_text(token, in_config ? config_path : map_path, name));
  }
  return out;
}

}  // namespace hone::policy
