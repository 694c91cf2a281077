// A checker that is a program of its own, in any language, asked by lines of JSON (protocol.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/schema.h"
#include "rewards/checker.h"
#include "rewards/outside/worker_pool.h"

namespace hone::rewards {

// The options of a checker that has workers.
struct WorkerOptions {
  int64_t workers = 2;
  double cpu_seconds = 10;
  double wall_seconds = 60;
  double start_seconds = 60;
  int64_t memory_mib = 4096;
  int64_t start_attempts = 3;
  std::vector<std::string> environment;
  std::string directory;

  Fields fields();
  PoolOptions pool(std::vector<std::string> argv) const;
};

// Grades by asking the workers of a pool.
class WorkerChecker final : public Checker {
 public:
  static Result<std::unique_ptr<Checker>> start(const CheckerContext& context, PoolOptions options);

  Result<void> check_gold(const nlohmann::json&) const override { return {}; }  // only the worker can tell
  CheckResult check(const CheckInput& input) const override;
  bool wants_group() const override { return pool_->capabilities().group; }
  std::vector<CheckResult> check_group(std::span<const CheckInput> group) const override;

 private:
  explicit WorkerChecker(std::unique_ptr<WorkerPool> pool) : pool_(std::move(pool)) {}
  const std::unique_ptr<WorkerPool> pool_;
};

}  // namespace hone::rewards
