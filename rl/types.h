// The values that flow through a training step, in order:
//   Problem -> Prompt -> Sample (times group size) = Group -> Score per sample = ScoredGroup -> advantage per sample
//   -> TokenBatch -> UpdateReport
// A later stage never edits an earlier value; no field means "not yet".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace hone::rl {

using Token = int32_t;

// One row of data, as text; `prompt` is what the policy continues, word for word. `gold` and `extra_info` are JSON
// texts: hone hands them to the checkers unread.
// Example: {"63206428=", "\"1\"", "running_sum", "{}", ""}
struct Problem {
  std::string prompt;
  std::string gold;
  std::string data_source;
  std::string extra_info;
  std::string completion;  // the worked answer to imitate (pretrain, sft); empty elsewhere
  bool is_chat = false;    // a chat template wrote the prompt, with its own control tokens
};

// A problem issued for sampling. The serial counts the groups issued in the stage and is the random key of the group:
// the same problem issued again gets another serial.
struct Prompt {
  uint64_t serial = 0;
  Problem problem;
  std::vector<Token> tokens;
};

enum class FinishReason { kStop, kLength };

// One answer. `tokens` holds the stop token when finish is kStop; logprobs[t] and entropies[t] (nats) belong to
// tokens[t] under the distribution that was sampled (logits / temperature), computed by the policy of `version`.
struct Sample {
  uint32_t index = 0;  // place in its group
  std::vector<Token> tokens;
  std::vector<float> logprobs;
  std::vector<float> entropies;
  std::string text;  // tokens decoded, without the stop token, with the stop text that ended it
  FinishReason finish = FinishReason::kLength;
  int64_t version = 0;  // updates made before it was sampled
};

struct Group {
  std::shared_ptr<const Prompt> prompt;
  std::vector<Sample> samples;  // samples[i].index == i
};

// How a check ended. The order is that of interface documentation; names by to_string (rl/verdict.h).
enum class Verdict {
  kCorrect, kWrong, kScored,                 // score is the checker's
  kNoAnswer, kParseError, kLimit,            // score 0
  kNotApplicable,                            // no score; left out of the sum
  kGoldError, kTimeout, kInfra,              // no score; the group is dropped
};

// The result of one reward on one sample.
struct Component {
  std::string name;
  Verdict verdict = Verdict::kInfra;
  double score = 0;   // before weighting; meaningless where the verdict has none
  std::string reason; // one line for people; may be empty
};

// components[i] belongs to the i-th entry of the stage's `rewards`; reward is the weighted sum of those that have a
// score.
struct Score {
  double reward = 0;
  std::vector<Component> components;
};

struct ScoredGroup {
  Group group;
  std::vector<Score> scores;  // scores[i] belongs to group.samples[i]
};

// A run of tokens of one sequence inside a TokenBatch. Tokens [start, start + length) stand at positions [position,
// position + length) of their sequence. `parent` is the segment that holds the positions before (the shared prompt), or
// -1.
struct Segment {
  int32_t start = 0;
  int32_t length = 0;
  int32_t position = 0;
  int32_t parent = -1;
  int64_t version = 0;
};

// One micro-batch: packed tokens and, for every token to be trained, the row whose hidden state predicts it.
struct TokenBatch {
  std::vector<Token> tokens;        // [T]
  std::vector<Segment> segments;    // in order of start; a parent stands before its children
  // Trained tokens, [N] each. row[i] indexes tokens; target[i] is the token that follows it.
  std::vector<int32_t> row;
  std::vector<Token> target;
  std::vector<float> behaviour_logprob;  // what the sampler recorded; empty for pretrain and sft
  std::vector<float> advantage;          // of the sample the token belongs to; empty for pretrain and sft
  std::vector<float> weight;             // share of the token in the loss; sums to 1 over the step for token-mean
  std::vector<int32_t> sequence;         // which sample (pretrain, sft: which row) of the optimizer step it belongs to
};

// What one optimizer step did. NaN-free: a guard stops the run before a non-finite value gets here.
struct UpdateReport {
  int64_t version = 0;  // after the update
  double loss = 0, grad_norm = 0, learning_rate = 0;
  double entropy = 0;               // mean over trained tokens, nats
  double kl = 0;                    // mean of k3 over trained tokens; only with a reference
  bool has_kl = false;
  double clip_low = 0, clip_high = 0;  // share of trained tokens whose ratio was clipped
  double parity_max_abs_diff = 0;      // first update of a rollout only
  int64_t trained_tokens = 0;
  double expert_max_load_ratio = 0;    // 0 where the policy has no experts
};

}  // namespace hone::rl
