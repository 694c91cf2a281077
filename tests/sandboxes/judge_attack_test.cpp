// The judge on hostile programs, through the sandbox of this machine, as the user of the test and, where that is root,
// as nobody.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "base/file.h"
#include "sandboxes/judge.h"
#include "tests/sandboxes/judge_attacks.h"

namespace hone::sandboxes {
namespace {

// In the environment, in a file that all may read, on an open descriptor and as an expected output.
constexpr const char* kSecret = "hone_planted_secret";

class JudgeAttacks : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::setenv("HONE_PLANTED", kSecret, 1);
    secret_file_ = str("/tmp/hone-planted-", ::getpid());
    ASSERT_TRUE(write_file_atomic(secret_file_, kSecret).ok());
    ::chmod(secret_file_.c_str(), 0644);
    planted_fd_ = ::open(secret_file_.c_str(), O_RDONLY);  // NOLINT: inherited on purpose
    auto sandbox = Sandbox::start({.slots = 2});
    if (sandbox.ok()) judge_ = std::make_unique<Judge>(*sandbox);
    else why_ = sandbox.error().to_string();
  }
  static void TearDownTestSuite() {
    judge_.reset();
    ::close(planted_fd_);
    ::unlink(secret_file_.c_str());
  }
  void SetUp() override {
    if (!judge_) GTEST_SKIP() << "no sandbox here: " << why_;
  }

  static std::shared_ptr<const std::string> text(std::string text) {
    return std::make_shared<const std::string>(std::move(text));
  }

  static JudgeRequest request_of(const std::string& language, const std::string& source) {
    JudgeRequest request;
    request.program = {parse_language(language).value(), text(language == "cpp" ? kCppPrelude + source : source)};
    request.tests = {{text("20 22\n"), text("42\n")}};
    request.limits = {.cpu_seconds = 0.5, .wall_seconds = 2, .memory_mib = 128, .output_mib = 1, .processes = 16};
    return request;
  }

  static JudgeRequest call_of(const std::string& source, const std::string& output) {
    JudgeRequest request = request_of("python", source);
    request.function = FunctionCall{"f"};
    request.tests = {{text("[20, 22]"), text(output)}};
    return request;
  }

  static JudgeResult judge(const JudgeRequest& request) {
    const JudgeResult result = judge_->judge(request);
    EXPECT_EQ(to_json(result).dump().find(kSecret), std::string::npos);
    return result;
  }

  static void expect_verdict(const JudgeRequest& request, const std::string& id, const std::string& allowed) {
    const auto start = std::chrono::steady_clock::now();
    const JudgeResult result = judge(request);
    const std::string verdict(to_string(result.verdict));
    EXPECT_NE((" " + allowed + " ").find(" " + verdict + " "), std::string::npos)
        << "attack " << id << ": " << to_json(result).dump() << "\nallowed: " << allowed;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60)) << "attack " << id;
  }

  static void expect_honest() {
    static int number = 0;
    const std::string comment = str("# ", number++, "\n");  // another program each time
    EXPECT_EQ(judge(request_of("python", comment + "print(sum(map(int, input().split())))")).verdict,
              JudgeVerdict::kAccepted);
  }

  template <size_t n>
  static void run(const Attack (&attacks)[n]) {
    for (size_t i = 0; i < n; ++i) {
      expect_verdict(request_of(attacks[i].language, attacks[i].source), attacks[i].id, attacks[i].verdicts);
      if (i % 10 == 9 || i + 1 == n) expect_honest();
    }
  }

  static inline std::unique_ptr<Judge> judge_;
  static inline std::string why_, secret_file_;
  static inline int planted_fd_ = -1;
};

TEST_F(JudgeAttacks, OnResources) { run(kResourceAttacks); }
TEST_F(JudgeAttacks, OnTheWalls) { run(kEscapeAttacks); }

// 50, 51: a program that prints whatever it finds of the expected output.
TEST_F(JudgeAttacks, ExpectedOutputsAreNotThere) {
  JudgeRequest search = request_of("bash", str("grep -arhos -m1 'hone_planted[_a-z]*' . /tmp /proc/self/environ "
                                               "/proc/1/environ /dev/shm ", secret_file_, " | head -n1; exit 0"));
  search.tests[0].output = text(kSecret);
  expect_verdict(search, "50", "wrong_answer cpu_limit wall_limit");
  const std::string walk = R"(
import gc, sys
def f(a, b):
    found = []
    for o in gc.get_objects():
        if isinstance(o, dict): found += [v for v in list(o.values()) if v == 4711]
    frame = sys._getframe()
    while frame:
        found += [v for v in frame.f_locals.values() if v == 4711]
        frame = frame.f_back
    return found[0] if found else 0
)";
  expect_verdict(call_of(walk, "4711"), "51", "wrong_answer runtime_error");
}

TEST_F(JudgeAttacks, AnEndIsNoAnswer) {
  for (const char* end : {"exit(0)", "import sys; sys.exit(0)", "import os; os._exit(0)", "raise SystemExit",
                          "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"}) {
    const char* allowed = "wrong_answer runtime_error";
    expect_verdict(request_of("python", end), str("52 ", end), allowed);
    expect_verdict(call_of(end, "42"), str("52 at import ", end), allowed);
    expect_verdict(call_of(str("def f(a, b):\n  ", end), "42"), str("52 in a call ", end), allowed);
  }
  expect_verdict(request_of("python", "import sys\nsys.excepthook = lambda *a: None\nprint(42)\nraise ValueError"),
                 "53", "runtime_error");
  expect_verdict(request_of("python", "import atexit, os\natexit.register(os._exit, 0)\nraise ValueError"), "53b",
                 "wrong_answer");
  expect_verdict(call_of("import unittest\nraise unittest.SkipTest('x')", "42"), "59", "runtime_error");
  expect_verdict(call_of("def f(a, b) return 42", "42"), "60", "runtime_error");
}

TEST_F(JudgeAttacks, OnlyJsonCrosses) {
  expect_verdict(call_of("class E:\n  def __eq__(self, o): return True\ndef f(a, b): return E()", "42"), "54",
                 "wrong_answer");
  const std::string number = "class N(int):\n  __eq__ = lambda s, o: True\n  __hash__ = int.__hash__\n"
                             "  __repr__ = __str__ = lambda s: '42'\ndef f(a, b): return N(";
  expect_verdict(call_of(number + "41)", "42"), "55", "wrong_answer");
  expect_verdict(call_of(number + "42)", "42"), "55 honest", "accepted");
  expect_verdict(call_of("class S(str):\n  __str__ = __repr__ = lambda s: 'right'\ndef f(a, b): return S('x')",
                         "\"right\""), "55b", "wrong_answer");
  expect_verdict(call_of("class L(list):\n  __iter__ = lambda s: iter([42])\ndef f(a, b): return L([1])", "[42]"),
                 "55c", "wrong_answer");
  expect_verdict(call_of("import json, builtins, sys\njson.dumps = lambda *a, **k: '42'\nbuiltins.print = None\n"
                         "sys.stdout = None\ndef f(a, b): return 'x'", "\"y\""), "56", "wrong_answer");
  expect_verdict(call_of("print('PASS')\nprint('{\"ok\": true}')\nimport os\nos.write(4, b'0 42\\n')\n"
                         "def f(a, b): return 41", "42"), "58", "wrong_answer");
  expect_verdict(call_of("import sys, os\ndef f(a, b):\n  r = sys._getframe(1).f_locals['request']\n"
                         "  for v in (41, 42, 43): os.write(4, ('%s %d\\n' % (r['nonce'], v)).encode())\n  os._exit(0)",
                         "42"), "58b", "wrong_answer");
  expect_verdict(call_of("def f(a, b): return True", "1"), "bool is no int", "wrong_answer");
  expect_verdict(call_of("def f(a, b): return float('nan')", "42"), "nan", "wrong_answer");
  expect_verdict(call_of("def f(a, b):\n  x = []\n  x.append(x)\n  return x", "42"), "endless list", "wrong_answer");
  expect_verdict(call_of("def f(a, b):\n  print('noise')\n  return (a + b, {'k': [None, 1.5]})",
                         R"([42, {"k": [null, 1.5]}])"), "honest", "accepted");
  expect_verdict(call_of("class Solution:\n  def f(self, a, b): return a + b", "42"), "honest method", "accepted");
}

TEST_F(JudgeAttacks, OnTheComparison) {
  const auto with = [](const std::string& source, std::vector<std::string> outputs, CompareMode mode) {
    JudgeRequest request = request_of("python", source);
    request.tests.clear();
    for (std::string& output : outputs) request.tests.push_back({text("20 22\n"), text(std::move(output))});
    request.compare = {.mode = mode, .tolerance = {1e-6, 1e-6}};
    return request;
  };
  constexpr auto kTokens = CompareMode::kTokens, kFloats = CompareMode::kFloats;
  expect_verdict(with("print(42)", {"42", "43"}, kTokens), "61", "wrong_answer");
  expect_verdict(with("print(1)", {"1\n2\n3\n"}, kTokens), "62", "wrong_answer");
  expect_verdict(with("print('2 1 1')", {"1 1 2"}, kTokens), "63", "wrong_answer");
  expect_verdict(with("print('42' + ' ' * 1000000)", {"42"}, kTokens), "64", "accepted");
  expect_verdict(with("print('42' + '\\0' * 1000000)", {"42"}, kTokens), "64b", "wrong_answer");
  expect_verdict(with("print('42' + ' ' * 2000000)", {"42"}, kTokens), "64c", "output_limit");
  for (const char* number : {"nan", "inf", "-inf", "1e400", "0x10", "1_000", "1000.0f", "1,000"})
    expect_verdict(with(str("print('", number, "')"), {"1000.0"}, kFloats), str("65 ", number), "wrong_answer");
}

TEST_F(JudgeAttacks, MessagesOfTheCompilerDoNotCrossIt) {
  for (const char* source : {"#include \"/etc/passwd\"\n", "#error hone_text_of_the_program\n"}) {
    const std::string said = to_json(judge(request_of("cpp", source))).dump();
    EXPECT_EQ(said.find("root"), said.npos) << said;
    EXPECT_EQ(said.find("hone_text"), said.npos) << said;
    EXPECT_EQ(said.find('/'), said.npos) << said;
  }
}

// 72: no slot is lost.
TEST_F(JudgeAttacks, InARow) {
  for (int i = 0; i < 12; ++i) {
    const std::string comment = str("# ", i, "\n");
    expect_verdict(request_of("bash", comment + ":(){ :|:& };:; exit 1"), "72 forks", kEnds);
    expect_verdict(request_of("bash", comment + "yes"), "72 output", "output_limit");
    expect_verdict(request_of("bash", comment + "dd if=/dev/zero of=/tmp/x bs=1M count=500 2>/dev/null; echo 42"),
                   "72 disk", "accepted memory_limit");
    expect_honest();
  }
}

TEST(JudgeAttacksAsNobody, AllOfThem) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become nobody";
  const std::string self = std::string("/proc/") + std::to_string(::getpid()) + "/exe";
  char path[4096] = {};
  ASSERT_GT(::readlink(self.c_str(), path, sizeof path - 1), 0);
  const std::string as_nobody = str("setpriv --reuid 65534 --regid 65534 --clear-groups '", path, "' ");
  if (::system((as_nobody + "--gtest_list_tests >/dev/null 2>&1").c_str()) != 0)
    GTEST_SKIP() << "nobody cannot run " << path;
  EXPECT_EQ(::system((as_nobody + "--gtest_filter='JudgeAttacks.*' 2>&1").c_str()), 0);
}

}  // namespace
}  // namespace hone::sandboxes
