// A sandbox of functions: what a run gives is what the test says.
#pragma once

#include <atomic>
#include <functional>

#include "sandboxes/sandbox.h"

namespace hone::sandboxes {

class FakeSandbox final : public Sandbox {
 public:
  using Run = std::function<RunResult(const RunRequest&)>;
  explicit FakeSandbox(Run run) : run_(std::move(run)) {}

  Tier tier() const override { return Tier::kUnsafe; }
  int slots() const override { return 1; }
  Result<RunResult> run(const RunRequest& request) override {
    ++runs;
    return run_(request);
  }
  Result<std::unique_ptr<Worker>> spawn(const WorkerRequest&) override { return Error{.message = "no workers"}; }

  std::atomic<int> runs = 0;

 private:
  const Run run_;
};

inline RunResult exited(int code, std::string out = "") {
  return {.ending = Ending::kExited, .code = code, .out = std::move(out)};
}

}  // namespace hone::sandboxes
