#include "rewards/outside/command_checker.h"

#include <optional>

#include "rewards/registry.h"

namespace hone::rewards {
namespace {

// How a request that has no answer ends.
std::optional<CheckResult> failure_of(const Reply& reply) {
  switch (reply.end) {
    case Reply::End::kAnswered: return std::nullopt;
    case Reply::End::kLimit: return CheckResult{.verdict = rl::Verdict::kLimit, .reason = reply.reason};
    case Reply::End::kTimeout: return CheckResult{.verdict = rl::Verdict::kTimeout, .reason = reply.reason};
    case Reply::End::kInfra: break;
  }
  return CheckResult{.verdict = rl::Verdict::kInfra, .reason = reply.reason};
}

class CommandChecker {
 public:
  struct Options {
    std::vector<std::string> command;
    WorkerOptions workers;

    Fields fields() {
      Fields all = {field("command", command, {.help = "The program and its arguments.", .required = true})};
      for (Field& own : workers.fields()) all.push_back(std::move(own));
      return all;
    }
  };
  static Result<std::unique_ptr<Checker>> make(const Options& options, const CheckerContext& context) {
    if (options.command.empty()) return Error{.message = "names no program", .field = "command"};
    return WorkerChecker::start(context, options.workers.pool(options.command));
  }
};

HONE_CHECKER("command", CommandChecker, "a program of your own that reads and writes lines of JSON", Needs::kSandbox);

}  // namespace

Fields WorkerOptions::fields() {
  return {field("workers", workers, {.help = "Processes at most; one starts at once, more when there is work.",
                                     .range = between(1, 256)}),
          field("cpu_seconds", cpu_seconds,
                {.help = "Processor time for one request; used up twice, the verdict is limit.",
                 .range = above(0, 86400)}),
          field("wall_seconds", wall_seconds,
                {.help = "Time for one request; passed twice, the verdict is timeout.", .range = above(0, 86400)}),
          field("start_seconds", start_seconds,
                {.help = "Time until a new process answers the hello.", .range = above(0, 86400)}),
          field("memory_mib", memory_mib,
                {.help = "Address space of each process (ulimit -v); 0: as much as it likes.",
                 .range = between(0, 1 << 24)}),
          field("start_attempts", start_attempts,
                {.help = "Starts that fail in a row before samples end as infra.", .range = between(1, 1000)}),
          field("environment", environment, {.help = "NAME=value, besides PATH, HOME and LANG."}),
          field("directory", directory, {.help = "Where the processes run; empty: where hone runs.", .is_file = true})};
}

PoolOptions WorkerOptions::pool(std::vector<std::string> argv) const {
  PoolOptions pool{.command = {.argv = std::move(argv), .environment = environment, .directory = directory},
                   .workers = workers,
                   .cpu_seconds = cpu_seconds,
                   .wall_seconds = wall_seconds,
                   .start_seconds = start_seconds,
                   .start_attempts = start_attempts};
  const std::vector<std::string> limit = {"/bin/sh", "-c", "ulimit -v \"$0\" && exec \"$@\"",
                                          str(memory_mib * 1024)};
  if (memory_mib > 0) pool.command.argv.insert(pool.command.argv.begin(), limit.begin(), limit.end());
  return pool;
}

Result<std::unique_ptr<Checker>> WorkerChecker::start(const CheckerContext& context, PoolOptions options) {
  HONE_TRY_ASSIGN(auto pool, WorkerPool::start(context.sandbox, std::move(options)));
  return std::unique_ptr<Checker>(new WorkerChecker(std::move(pool)));
}

CheckResult WorkerChecker::check(const CheckInput& input) const {
  const Capabilities& can = pool_->capabilities();
  if (can.group) return check_group({&input, 1}).front();
  const Reply reply = pool_->call(request_of(input, can.completion_ids));
  const std::optional<CheckResult> failure = failure_of(reply);
  return failure ? *failure : result_of(reply.answer);
}

std::vector<CheckResult> WorkerChecker::check_group(std::span<const CheckInput> group) const {
  const Capabilities& can = pool_->capabilities();
  if (!can.group) return Checker::check_group(group);
  const Reply reply = pool_->call(request_of_group(group, can.completion_ids));
  const std::optional<CheckResult> failure = failure_of(reply);
  return failure ? std::vector(group.size(), *failure) : results_of(reply.answer, group.size());
}

}  // namespace hone::rewards
