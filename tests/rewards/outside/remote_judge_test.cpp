// Programs run by a server that speaks SandboxFusion's /run_code end as they would in the sandbox here.
#include "sandboxes/remote_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/script_server.h"

namespace hone::sandboxes {
namespace {

std::shared_ptr<const std::string> bytes(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

class RemoteJudge : public ::testing::Test {
 protected:
  RemoteJudge() : sandbox_(connect_remote({.url = server_.url(), .retries = 0}).value()) {}

  RunResult python(const std::string& source, const std::string& input = "", Limits limits = {}) {
    const RunRequest request{.runner = Runner::kPython, .argv = {"main.py"}, .files = {{"main.py", bytes(source)}},
                             .input = bytes(input), .limits = limits};
    return sandbox_->run(request).value();
  }

  const testing::ScriptServer server_;
  const std::shared_ptr<Sandbox> sandbox_;
};

TEST_F(RemoteJudge, BytesArriveAsTheyAre) {
  std::string all;
  for (int round = 0; round < 3; ++round)
    for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  const char* source = "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())\nsys.stderr.write('e\\n')";
  const RunResult result = python(source, all + "x");
  EXPECT_EQ(result.ending, Ending::kExited) << result.reason;
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, all + "x");
  EXPECT_EQ(result.err, "e\n");
}

TEST_F(RemoteJudge, EndingsAreThoseOfTheProgram) {
  struct Case {
    std::string source;
    Ending ending;
    int code = 0;
    Limits limits = {};
  };
  const std::vector<Case> cases = {
      {"import sys\nsys.exit(7)", Ending::kExited, 7},
      {"import os\nos.abort()", Ending::kSignalled, 6},
      {"while True: pass", Ending::kCpuLimit, 0, {.cpu_seconds = 1}},
      {"import time\ntime.sleep(60)", Ending::kWallLimit, 0, {.wall_seconds = 0.5}},
      {"print('x' * (3 << 20))", Ending::kOutputLimit, 0, {.output_mib = 2}},
      {"while True: print('x' * 100000)", Ending::kOutputLimit, 0, {.output_mib = 2, .files_mib = 4}},
      {"x = bytearray(2 << 30)", Ending::kExited, 1, {.memory_mib = 300}},
  };
  for (const Case& c : cases) {
    const RunResult result = python(c.source, "", c.limits);
    EXPECT_EQ(to_string(result.ending), to_string(c.ending)) << c.source << ": " << result.reason;
    const bool has_code = c.ending == Ending::kExited || c.ending == Ending::kSignalled;
    EXPECT_EQ(has_code ? result.code : 0, c.code) << c.source;
    EXPECT_LE(result.out.size(), size_t{8} << 20);
  }
}

TEST_F(RemoteJudge, FilesComeBackAndArgumentsAreNotReadByTheShell) {
  const std::string hostile = "it's $(touch owned) `x` \"q\"";
  const RunRequest request{.argv = {"./tool", hostile},
                           .files = {{"tool", bytes("#!/bin/sh\nprintf '%s' \"$1\" > made\nls\n"), true}},
                           .fetch = {"made", "absent"}};
  const RunResult result = sandbox_->run(request).value();
  EXPECT_EQ(result.ending, Ending::kExited) << result.reason << result.err;
  ASSERT_EQ(result.fetched.size(), 1u);
  EXPECT_EQ(result.fetched[0].name, "made");
  EXPECT_EQ(*result.fetched[0].bytes, hostile);
  EXPECT_THAT(result.out, ::testing::Not(::testing::HasSubstr("owned")));
}

TEST_F(RemoteJudge, TheChannelIsDescriptors3And4) {
  RunRequest request{.runner = Runner::kPython, .argv = {"main.py"}, .channel = bytes("ask")};
  request.files = {{"main.py", bytes("import os\nos.write(4, os.read(3, 100) + b' answer')")}};
  EXPECT_EQ(sandbox_->run(request)->channel, "ask answer");
}

TEST_F(RemoteJudge, ItsFailuresAreInfra) {
  EXPECT_EQ(python("print(1)", "", {}).ending, Ending::kExited);
  const RunRequest failing{.argv = {"echo", "FAIL_THE_SANDBOX"}};
  const RunResult failed = sandbox_->run(failing).value();
  EXPECT_EQ(failed.ending, Ending::kInfra);
  EXPECT_THAT(failed.reason, ::testing::HasSubstr("no space left"));
  for (const std::string& url : {server_.url("/grade"), std::string("http://127.0.0.1:1")}) {
    const auto elsewhere = connect_remote({.url = url, .retries = 0});
    ASSERT_TRUE(elsewhere.ok());
    EXPECT_EQ((*elsewhere)->run({.argv = {"true"}})->ending, Ending::kInfra) << url;
  }
  EXPECT_FALSE(connect_remote({.url = "ftp://a"}).ok());
  EXPECT_FALSE(sandbox_->spawn({.argv = {"true"}}).ok());
}

}  // namespace
}  // namespace hone::sandboxes
