// tokenizer_config.json and special_tokens_map.json: the names of special tokens.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace hone::policy {

struct TokenizerConfig {
  nlohmann::json config = nlohmann::json::object();  // tokenizer_config.json, {} where there is none
  // Those that a file names of bos_token, eos_token, unk_token, sep_token, pad_token, cls_token, mask_token.
  nlohmann::ordered_json special_tokens = nlohmann::ordered_json::object();
  std::string special_tokens_file;  // for messages
};

// Reads both files of a model directory; neither need exist. The Error names file and field.
Result<TokenizerConfig> read_tokenizer_config(const std::string& directory);

}  // namespace hone::policy
