// What the checkers of a run need around them: the tokenizer's counter, and the sandbox of programs that nobody trusts.
#pragma once

#include <memory>

#include "policy/tokenizer.h"
#include "rewards/checker.h"
#include "trainer/run_config.h"

namespace hone::trainer {

// Started when some checker of the run runs programs, else nullptr. To be called before a model is loaded: the process
// that hone-sandboxd is started from should be small.
Result<std::shared_ptr<sandboxes::Sandbox>> start_sandbox(const RunConfig& config);
Result<std::shared_ptr<sandboxes::Sandbox>> start_sandbox(const SandboxSection& section);
bool needs_sandbox(const std::string& checker);

// The tokenizer must outlive the context.
rewards::CheckerContext checker_context(const policy::Tokenizer& tokenizer,
                                        std::shared_ptr<sandboxes::Sandbox> sandbox);

// Threads that grade: with a sandbox, enough to keep all its slots at work.
int grading_threads(const rewards::CheckerContext& context);

}  // namespace hone::trainer
