// tokenizer.json as Hugging Face's `tokenizers` reads it, for vocabularies of tags, words and characters.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace hone::policy {

// A WordLevel model over texts (all valid UTF-8; the tags first): added tokens are split off first, then a pattern
// splits the rest into words, which stand longest first, and characters. A character outside the vocabulary is an error
// there too.
nlohmann::ordered_json tokenizer_json(const std::vector<std::string>& texts, const std::vector<std::string>& words);

// tokenizer_config.json for transformers' PreTrainedTokenizerFast.
nlohmann::ordered_json tokenizer_config_json();

}  // namespace hone::policy
