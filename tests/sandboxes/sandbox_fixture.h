// Programs in a sandbox, for tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "sandboxes/sandbox.h"

namespace hone::sandboxes {

inline std::shared_ptr<const std::string> bytes(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

inline RunRequest python(const std::string& source, const std::string& input = "") {
  RunRequest request;
  request.runner = Runner::kPython;
  request.argv = {"program.py"};
  request.files = {{"program.py", bytes(source)}};
  request.input = bytes(input);
  return request;
}

inline RunRequest bash(const std::string& script) {
  RunRequest request;
  request.argv = {"bash", "-c", script};
  return request;
}

// A sandbox of this tier, made once a process; null where the machine has none.
inline Sandbox* sandbox_of(Tier tier) {
  static std::shared_ptr<Sandbox> made[3];
  std::shared_ptr<Sandbox>& sandbox = made[static_cast<int>(tier)];
  if (!sandbox) {
    Result<std::shared_ptr<Sandbox>> started =
        Sandbox::start({.slots = 2, .best_tier = tier, .allow_unsafe = tier == Tier::kUnsafe});
    if (started && (*started)->tier() == tier) sandbox = *started;
  }
  return sandbox.get();
}

inline void PrintTo(const RunResult& result, std::ostream* out) {
  *out << to_string(result.ending) << " " << result.code << ", cpu " << result.cpu_seconds << ", wall "
       << result.wall_seconds << ", memory " << result.memory_mib << ", out '" << result.out.substr(0, 200)
       << "', err '" << result.err.substr(0, 400) << "', reason '" << result.reason << "'";
}

// Tests of every tier that isolates; skipped where the machine cannot make it.
class EveryTier : public ::testing::TestWithParam<Tier> {
 protected:
  void SetUp() override {
    sandbox_ = sandbox_of(GetParam());
    if (!sandbox_) GTEST_SKIP() << "this machine cannot make tier " << to_string(GetParam());
  }
  RunResult run(const RunRequest& request) { return sandbox_->run(request).value(); }

  Sandbox* sandbox_ = nullptr;
};

inline std::string tier_name(const ::testing::TestParamInfo<Tier>& info) { return to_string(info.param); }

MATCHER_P2(EndsWith, ending, code, "") { return arg.ending == ending && arg.code == code; }
MATCHER_P(EndsBy, ending, "") { return arg.ending == ending; }

}  // namespace hone::sandboxes
