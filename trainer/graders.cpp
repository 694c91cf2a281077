#include "trainer/graders.h"

#include <algorithm>
#include <thread>

namespace hone::trainer {

bool needs_sandbox(const std::string& checker) {
  const rewards::CheckerEntry* entry = rewards::find_checker(checker);
  return entry != nullptr && entry->needs_sandbox;
}

Result<std::shared_ptr<sandboxes::Sandbox>> start_sandbox(const RunConfig& config) {
  const bool needed = std::any_of(config.stages.begin(), config.stages.end(), [](const StageConfig& stage) {
    return needs_sandbox(stage.eval.checker) ||
           std::any_of(stage.rewards.begin(), stage.rewards.end(),
                       [](const RewardConfig& reward) { return needs_sandbox(reward.checker); });
  });
  if (!needed) return std::shared_ptr<sandboxes::Sandbox>();
  return start_sandbox(config.sandbox);
}

Result<std::shared_ptr<sandboxes::Sandbox>> start_sandbox(const SandboxSection& section) {
  sandboxes::SandboxOptions options;
  options.slots = static_cast<int>(section.max_programs);
  options.min_tier = section.min_tier == MinTier::kA ? sandboxes::Tier::kNamespaces : sandboxes::Tier::kLandlock;
  options.allow_unsafe = section.allow_unsafe;
  options.python = section.python;
  auto sandbox = sandboxes::Sandbox::start(options);
  if (sandbox.ok()) return sandbox;
  Error error = sandbox.error();
  if (error.field.empty()) error.field = "sandbox";
  return error;
}

rewards::CheckerContext checker_context(const policy::Tokenizer& tokenizer,
                                        std::shared_ptr<sandboxes::Sandbox> sandbox) {
  // A text that the tokenizer does not know counts by its bytes: a length is wanted, not an error.
  const auto count = [&tokenizer](std::string_view text) {
    const auto tokens = tokenizer.encode(text);
    return tokens.ok() ? static_cast<int64_t>(tokens->size()) : static_cast<int64_t>(text.size());
  };
  return {count, std::move(sandbox)};
}

int grading_threads(const rewards::CheckerContext& context) {
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return context.sandbox ? 2 * context.sandbox->slots() : std::max(1, cores / 2);
}

}  // namespace hone::trainer
