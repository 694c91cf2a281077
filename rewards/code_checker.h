// Checker "code": the completion holds a program, and the gold the tests it must pass (rewards/code_gold.h). The
// program runs in the sandbox.
#pragma once

#include <memory>
#include <string>

#include "rewards/checker.h"
#include "rewards/code_extract.h"
#include "rewards/code_gold.h"
#include "rewards/registry.h"
#include "sandboxes/judge.h"

namespace hone::rewards {

class CodeChecker final : public Checker {
 public:
  struct LimitOptions {
    double cpu_seconds = 2, wall_seconds = 10, total_wall_seconds = 0;
    int64_t memory_mib = 512, output_mib = 8, processes = 32;
    Fields fields();
  };
  struct CompareOptions {
    std::string mode = "tokens";
    double absolute = 1e-6, relative = 1e-6;
    Fields fields();
  };
  struct Options {
    std::string language = "python", extract = "auto", score = "all", stop;
    LimitOptions limits;
    CompareOptions compare;
    std::string prefix, suffix;
    int64_t max_tests = 0;
    std::string judge_url;
    Fields fields();
  };
  static Result<std::unique_ptr<Checker>> make(const Options& options, const CheckerContext& context);

  Result<void> check_gold(const nlohmann::json& gold) const override;
  // Correct when every test is accepted; wrong with the judge's verdict in the reason; the score is 1 or 0, or with
  // "score: share" the share of tests that passed.
  CheckResult check(const CheckInput& input) const override;

 private:
  CodeChecker(const Options& options, std::shared_ptr<sandboxes::Sandbox> sandbox);

  CodeExtract extract_ = CodeExtract::kAuto;
  CodeProblem defaults_;
  int64_t max_tests_;
  const std::unique_ptr<sandboxes::Judge> judge_;
};

}  // namespace hone::rewards
