// What the columns of a row mean: the formats in which data for reinforcement learning and fine-tuning is published.
#pragma once

#include <span>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace hone::trainer {

enum class DataFormat { kAuto, kHone, kVerl, kTrl, kGsm8k, kMath, kDapo };
std::span<const char* const> enum_names(DataFormat);

// Names of columns in the file; empty: the format's own. "a.b" is the member b of column a, unless a column has just
// that name.
struct Columns {
  std::string prompt, gold, completion, data_source;

  bool given() const { return !prompt.empty() || !gold.empty() || !completion.empty() || !data_source.empty(); }
};

// A row, with nothing rendered yet. What a row lacks is an empty text.
struct DataRow {
  std::string prompt;  // text; or a conversation: a JSON array of messages
  bool is_conversation = false;
  std::string gold;        // JSON text
  std::string completion;  // the worked answer
  std::string data_source;
  std::string extra_info;  // JSON object of all columns that have no other meaning
};

// What a stage cannot do without, besides the prompt.
struct DataNeeds {
  bool gold = false;
  bool completion = false;
};

// The format that has columns like this row's; with columns given, hone. Error where none fits: it names the columns
// and what to write.
Result<DataFormat> detect_format(const nlohmann::json& row, const Columns& columns);

// Reads a row, an object, of a format that is not kAuto. Null stands for a missing column. Errors name the column.
// * hone: prompt, gold, completion, data_source, extra_info; prompt and completion are texts or messages.
// * verl, dapo: prompt, reward_model.ground_truth, data_source, extra_info.
// * trl: prompt and completion, or messages, or text (no prompt at all); the gold is solution, else answer.
// * gsm8k: question and answer; the gold follows "####", without spaces and commas; the completion is what stands
//   before it, without calculator annotations (<<1+2=3>>).
// * math: problem, solution, answer; the gold is answer, else the content of the last box of solution.
// The last message of a conversation is the completion; it is the assistant's. Earlier ones belong to the prompt.
Result<DataRow> read_row(const nlohmann::json& row, DataFormat format, const Columns& columns, const DataNeeds& needs);

// The text to imitate, where a run does not say: "{completion}", in gsm8k with a last line "#### {gold}".
std::string default_completion_template(DataFormat format);

}  // namespace hone::trainer
