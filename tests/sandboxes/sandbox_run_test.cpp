// What a run gives back: streams, files, descriptors, endings, and the limits that end it.
#include <thread>

#include "tests/sandboxes/sandbox_fixture.h"

namespace hone::sandboxes {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using SandboxRun = EveryTier;
INSTANTIATE_TEST_SUITE_P(Tiers, SandboxRun, ::testing::Values(Tier::kNamespaces, Tier::kLandlock), tier_name);

TEST_P(SandboxRun, StreamsAndExitCodeAreThoseOfTheProgram) {
  RunRequest request = bash("cat; echo two >&2; exit 3");
  request.input = bytes("one\n");
  const RunResult result = run(request);
  EXPECT_THAT(result, EndsWith(Ending::kExited, 3));
  EXPECT_EQ(result.out, "one\n");
  EXPECT_EQ(result.err, "two\n");
}

TEST_P(SandboxRun, SignalsAreReportedExactly) {
  for (const int number : {6, 9, 11, 15}) {
    EXPECT_THAT(run(bash("kill -" + std::to_string(number) + " $$")), EndsWith(Ending::kSignalled, number));
  }
}

TEST_P(SandboxRun, CodesAbove128StayCodes) {
  for (const int code : {127, 134, 137, 143, 255}) {
    EXPECT_THAT(run(bash("exit " + std::to_string(code))), EndsWith(Ending::kExited, code));
  }
}

TEST_P(SandboxRun, ProgramOfTheWorkingDirectoryRuns) {
  RunRequest request;
  request.argv = {"./tool", "a b", ""};
  request.files = {{"tool", bytes("#!/bin/sh\nprintf '%s|' \"$@\"; pwd >/dev/null; cat note.txt\n"), true},
                   {"note.txt", bytes("hello")}};
  EXPECT_EQ(run(request).out, "a b||hello");
}

TEST_P(SandboxRun, MissingProgramExitsWith127) {
  RunRequest request;
  request.argv = {"no-such-program"};
  const RunResult result = run(request);
  EXPECT_THAT(result, EndsWith(Ending::kExited, 127));
  EXPECT_THAT(result.err, HasSubstr("cannot run no-such-program: No such file"));
}

TEST_P(SandboxRun, EnvironmentIsFixed) {
  const RunResult result = run(bash("env | cut -d= -f1 | sort | tr '\\n' ' '"));
  EXPECT_EQ(result.out, "HOME LANG PATH PWD PYTHONHASHSEED SHLVL TZ _ ");
}

TEST_P(SandboxRun, LargeStreamsInBothDirectionsDoNotBlock) {
  RunRequest request = bash("cat; cat /usr/bin/bash >&2");
  request.input = bytes(std::string(6 << 20, 'x'));
  const RunResult result = run(request);
  EXPECT_THAT(result, EndsWith(Ending::kExited, 0));
  EXPECT_EQ(result.out, *request.input);
  EXPECT_EQ(result.err.size(), 64U << 10);
}

TEST_P(SandboxRun, InputThatNobodyReadsIsNormal) {
  RunRequest request = bash("exec true");
  request.input = bytes(std::string(6 << 20, 'x'));
  EXPECT_THAT(run(request), EndsWith(Ending::kExited, 0));
}

const std::string kOpenDescriptors =
    "import os\n"
    "def is_open(fd):\n"
    " try: return bool(os.fstat(fd))\n"
    " except OSError: return False\n"
    "print([fd for fd in range(2000) if is_open(fd)])\n";

TEST_P(SandboxRun, ChannelIsDescriptors3And4) {
  for (const bool warm : {true, false}) {
    RunRequest request =
        python("import os, shutil\n" + kOpenDescriptors + "shutil.copyfileobj(open(3, 'rb'), open(4, 'wb'))");
    if (!warm) {
      request.runner = Runner::kProgram;
      request.argv = {"python3", "-I", "-S", "program.py"};
    }
    request.channel = bytes(std::string(1 << 20, 'c'));
    const RunResult result = run(request);
    EXPECT_EQ(result.channel, *request.channel);
    EXPECT_EQ(result.out, "[0, 1, 2, 3, 4]\n");
  }
}

TEST_P(SandboxRun, WithoutChannelNothingButTheStreamsIsOpen) {
  EXPECT_EQ(run(python(kOpenDescriptors)).out, "[0, 1, 2]\n");
}

TEST_P(SandboxRun, FetchBringsRegularFilesAndNothingElse) {
  RunRequest request = bash("echo kept >a; mkfifo b; ln -s /etc/passwd c; mkdir d; ln -s a e; printf '' >g");
  request.fetch = {"g", "a", "b", "c", "d", "e", "missing"};
  const RunResult result = run(request);
  std::vector<std::string> found;
  for (const BoxFile& file : result.fetched) found.push_back(file.name + "=" + *file.bytes);
  EXPECT_THAT(found, ::testing::ElementsAre("g=", "a=kept\n"));
}

TEST_P(SandboxRun, FetchedBytesAreThoseAtTheEndOfTheProgram) {
  RunRequest request = bash("echo first >a; (sleep 0.2; echo second >a) & exit 0");
  request.fetch = {"a"};
  const RunResult result = run(request);
  ASSERT_EQ(result.fetched.size(), 1U);
  EXPECT_EQ(*result.fetched[0].bytes, "first\n");
}

TEST_P(SandboxRun, ManyThreadsMayRunAtOnce) {
  std::vector<std::thread> threads;
  std::vector<std::string> outs(8);
  for (size_t i = 0; i < outs.size(); ++i) {
    threads.emplace_back([&, i] { outs[i] = run(bash("echo " + std::to_string(i))).out; });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < outs.size(); ++i) EXPECT_EQ(outs[i], std::to_string(i) + "\n");
}

// ---- limits ----

struct LimitCase {
  const char* name;
  const char* source;
  Limits limits;
  Ending ending;
};
const LimitCase kLimitCases[] = {
    {"cpu_loop", "while True: pass", {.cpu_seconds = 0.3}, Ending::kCpuLimit},
    {"cpu_in_children",
     "import os\nfor i in range(4): \n if os.fork() == 0:\n  while True: pass\nfor i in range(4): os.wait()",
     {.cpu_seconds = 0.5},
     Ending::kCpuLimit},
    {"cpu_used_up_before_the_end",
     "import time\nwhile time.process_time() < 0.4: pass",
     {.cpu_seconds = 0.3},
     Ending::kCpuLimit},
    {"cpu_of_ended_children",
     "import os, time\nfor i in range(8):\n p = os.fork()\n if p == 0:\n  while time.process_time() < 0.1: pass\n"
     "  os._exit(0)\n"
     " os.waitpid(p, 0)",
     {.cpu_seconds = 0.4},
     Ending::kCpuLimit},
    {"wall_sleep", "import time\ntime.sleep(100)", {.wall_seconds = 0.3}, Ending::kWallLimit},
    {"wall_stopped",
     "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
     {.wall_seconds = 0.3},
     Ending::kWallLimit},
    {"memory_at_once", "a = b'x' * (1 << 30)", {.memory_mib = 100}, Ending::kMemoryLimit},
    {"memory_of_children",
     "import os, time\na = b'x' * (30 << 20)\nfor i in range(8): \n if os.fork() == 0:\n  b = b'y' * (30 << 20)\n"
     "  time.sleep(9)\n"
     "time.sleep(9)",
     {.memory_mib = 150},
     Ending::kMemoryLimit},
    {"output", "while True: print('x' * 1000)", {.output_mib = 1}, Ending::kOutputLimit},
    {"cpu_before_memory",
     "a = b'x' * (200 << 20)\nwhile True: pass",
     {.cpu_seconds = 0.02, .memory_mib = 100},
     Ending::kCpuLimit},
    {"output_before_exit", "print('x' * (3 << 20), flush=True)", {.output_mib = 1}, Ending::kOutputLimit},
    {"nothing", "print(1)", {}, Ending::kExited},
};

TEST_P(SandboxRun, LimitsEndRunsByTheirNames) {
  for (const LimitCase& test : kLimitCases) {
    RunRequest request = python(test.source);
    request.limits = test.limits;
    const RunResult result = run(request);
    EXPECT_THAT(result, EndsBy(test.ending)) << test.name;
  }
}

TEST_P(SandboxRun, OutputUpToTheLimitIsNoFault) {
  RunRequest request = python("import sys\nsys.stdout.write('x' * (1 << 20))");
  request.limits.output_mib = 1;
  const RunResult result = run(request);
  EXPECT_THAT(result, EndsWith(Ending::kExited, 0));
  EXPECT_EQ(result.out.size(), 1U << 20);
}

TEST_P(SandboxRun, TimesAndMemoryAreMeasured) {
  const RunResult busy = run(python("import time\na = b'x' * (50 << 20)\nwhile time.process_time() < 0.3: pass"));
  EXPECT_GE(busy.cpu_seconds, 0.29);
  EXPECT_LE(busy.cpu_seconds, 0.6);
  EXPECT_GE(busy.memory_mib, 50);
  EXPECT_LE(busy.memory_mib, 90);
  const RunResult idle = run(python("import time\ntime.sleep(0.4)"));
  EXPECT_LE(idle.cpu_seconds, 0.2);
  EXPECT_GE(idle.wall_seconds, 0.39);
}

TEST_P(SandboxRun, FileSizeIsLimited) {
  RunRequest request = bash("trap '' XFSZ; head -c 3000000 /dev/zero >a; stat -c %s a");
  request.limits.files_mib = 2;
  EXPECT_EQ(run(request).out, "2097152\n");
}

TEST_P(SandboxRun, ProcessesAreLimited) {
  RunRequest request = python(
      "import os, time\nn = 0\ntry:\n while n < 100:\n  if os.fork() == 0:\n   time.sleep(5)\n   os._exit(0)\n"
      "  n += 1\n"
      "except OSError: pass\nprint(n, flush=True)\nos._exit(0)");
  request.limits.processes = 8;
  const RunResult result = run(request);
  // Where the user number is shared, too many are killed instead of refused.
  if (result.ending == Ending::kExited) {
    EXPECT_EQ(result.out, "7\n");
  }
  EXPECT_NE(result.out, "100\n");
}

// ---- requests that break the rules ----

TEST(SandboxRequest, RulesAreChecked) {
  Sandbox* sandbox = sandbox_of(Tier::kNamespaces) ? sandbox_of(Tier::kNamespaces) : sandbox_of(Tier::kLandlock);
  if (!sandbox) GTEST_SKIP() << "this machine cannot make a sandbox";
  std::vector<RunRequest> bad(9, python("print(1)"));
  bad[0].argv.clear();
  bad[1].argv = {std::string("a\0b", 3)};
  bad[2].files.push_back({"../x", bytes("")});
  bad[3].files.push_back({".hidden", bytes("")});
  bad[4].files.push_back({"program.py", bytes("")});
  bad[5].files.push_back({"null", nullptr});
  bad[6].fetch = {"a/b"};
  bad[7].limits.cpu_seconds = 0;
  bad[8].argv = {"other.py"};
  for (size_t i = 0; i < bad.size(); ++i) {
    const Result<RunResult> result = sandbox->run(bad[i]);
    ASSERT_FALSE(result.ok()) << i;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalid) << i;
  }
}

}  // namespace
}  // namespace hone::sandboxes
