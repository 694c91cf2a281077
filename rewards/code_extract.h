// The program in a completion.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rewards/answer.h"
#include "sandboxes/languages.h"

namespace hone::rewards {

enum class CodeExtract {
  kAuto,    // kFenced, else kAnswer
  kFenced,  // the last closed block of ``` lines after the reasoning that names the language; else the last that names
            // none
  kAnswer,  // the text of the last <answer> after the reasoning; if it holds a block of kFenced, that
  kAll,     // all that follows the reasoning
};

// The code is part of the completion. A bare answer is a program as it stands.
Extraction extract_code(const CheckInput& input, CodeExtract policy, sandboxes::Language language);

}  // namespace hone::rewards
