#include "sandboxes/judge.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "sandboxes/judge_request.h"
#include "tests/sandboxes/fake_sandbox.h"

namespace hone::sandboxes {
namespace {

using V = JudgeVerdict;

JudgeRequest request_of(const std::string& json) {
  Result<JudgeRequest> request = parse_judge_request(json);
  EXPECT_TRUE(request.ok()) << json << (request.ok() ? "" : request.error().to_string());
  return request.ok() ? *request : JudgeRequest{};
}

// Tests that all expect "ok"; what the program does is the sandbox's.
JudgeRequest echo_request(int tests, const std::string& more = "") {
  std::string list;
  for (int i = 0; i < tests; ++i) list += str(i ? "," : "", R"({"input":")", i, R"(","output":"ok"})");
  return request_of(R"({"language":"python","source":"pass","tests":[)" + list + "]" + more + "}");
}

JudgeResult judge(const JudgeRequest& request, FakeSandbox::Run run) {
  return Judge(std::make_shared<FakeSandbox>(std::move(run))).judge(request);
}

// The i-th run ends as endings[i].
FakeSandbox::Run script(std::vector<RunResult> endings) {
  auto next = std::make_shared<size_t>(0);
  return [=](const RunRequest&) { return endings.at((*next)++); };
}

RunResult ended(Ending ending, int code = 0) {
  return {.ending = ending, .code = code, .cpu_seconds = 1, .wall_seconds = 2, .memory_mib = 3, .out = "ok",
          .reason = "why"};
}

TEST(Judge, AVerdictForEveryEnding) {
  const struct {
    RunResult run;
    V verdict;
  } cases[] = {
      {exited(0, "ok\n"), V::kAccepted},
      {exited(0, "no"), V::kWrongAnswer},
      {exited(0, ""), V::kWrongAnswer},
      {exited(3, "ok"), V::kRuntimeError},
      {ended(Ending::kSignalled, 11), V::kRuntimeError},
      {ended(Ending::kCpuLimit), V::kCpuLimit},
      {ended(Ending::kWallLimit), V::kWallLimit},
      {ended(Ending::kMemoryLimit), V::kMemoryLimit},
      {ended(Ending::kOutputLimit), V::kOutputLimit},
      {ended(Ending::kInfra), V::kInfra},
  };
  for (const auto& c : cases) {
    const JudgeResult result = judge(echo_request(1), [&](const RunRequest&) { return c.run; });
    EXPECT_EQ(result.verdict, c.verdict) << to_string(c.verdict);
    EXPECT_EQ(result.tests.at(0).verdict, c.verdict);
    EXPECT_EQ(result.reason.empty(), c.verdict == V::kAccepted);
    EXPECT_EQ(result.score,
              c.verdict == V::kInfra ? std::nullopt : std::optional(c.verdict == V::kAccepted ? 1.0 : 0.0));
  }
}

TEST(Judge, ReportsExitCodesSignalsAndUse) {
  const auto first = [](const RunResult& run) {
    return to_json(judge(echo_request(1), [&](const RunRequest&) { return run; }))["tests"][0].dump();
  };
  EXPECT_EQ(first(ended(Ending::kSignalled, 9)),
            R"({"verdict":"runtime_error","cpu_seconds":1.0,"wall_seconds":2.0,"memory_mib":3.0,"signal":9})");
  EXPECT_EQ(first(ended(Ending::kExited, 7)),
            R"({"verdict":"runtime_error","cpu_seconds":1.0,"wall_seconds":2.0,"memory_mib":3.0,"exit_code":7})");
  EXPECT_EQ(first(ended(Ending::kCpuLimit)),
            R"({"verdict":"cpu_limit","cpu_seconds":1.0,"wall_seconds":2.0,"memory_mib":3.0})");
}

TEST(Judge, StopsAtTheFirstFailureOrNever) {
  const std::vector<RunResult> runs = {exited(0, "ok"), exited(1), exited(0, "ok"), exited(0, "no")};
  const JudgeResult stopped = judge(echo_request(4), script(runs));
  EXPECT_EQ(stopped.verdict, V::kRuntimeError);
  EXPECT_EQ(stopped.reason, "test 2: exit code 1");
  EXPECT_EQ(stopped.tests[2].verdict, V::kSkipped);
  EXPECT_EQ(stopped.passed, 1);
  const JudgeResult whole = judge(echo_request(4, R"(,"stop":"never")"), script(runs));
  EXPECT_EQ(whole.verdict, V::kRuntimeError);
  EXPECT_EQ(whole.tests[3].verdict, V::kWrongAnswer);
  EXPECT_EQ(whole.passed, 2);
  EXPECT_EQ(whole.score, 0);
  EXPECT_EQ(judge(echo_request(4, R"(,"score":"share")"), script(runs)).score, 0.5);
  EXPECT_EQ(judge(echo_request(4, R"(,"score":"share","stop":"first_failure")"), script(runs)).score, 0.25);
}

TEST(Judge, AFailureOfTheSandboxIsTriedThreeTimesAndNeverScored) {
  const RunResult infra = ended(Ending::kInfra);
  EXPECT_EQ(judge(echo_request(1), script({infra, infra, exited(0, "ok")})).verdict, V::kAccepted);
  EXPECT_EQ(judge(echo_request(1), script({infra, infra, infra})).score, std::nullopt);
  const JudgeResult share = judge(echo_request(2, R"(,"score":"share")"), script({exited(1), infra, infra, infra}));
  EXPECT_EQ(share.verdict, V::kRuntimeError);
  EXPECT_EQ(share.score, std::nullopt);
}

TEST(Judge, TotalWallTimeEndsTheTests) {
  std::vector<double> limits;
  const auto run = [&](const RunRequest& request) {
    limits.push_back(request.limits.wall_seconds);
    RunResult result = exited(0, "ok");
    result.wall_seconds = 2;
    return result;
  };
  const JudgeResult result =
      judge(echo_request(4, R"(,"limits":{"wall_seconds":3,"total_wall_seconds":4})"), run);
  EXPECT_EQ(limits, (std::vector<double>{3, 2}));
  EXPECT_EQ(result.tests[2].verdict, V::kWallLimit);
  EXPECT_EQ(result.tests[3].verdict, V::kSkipped);
}

TEST(Judge, EqualRequestsAreJudgedOnce) {
  const auto sandbox = std::make_shared<FakeSandbox>([](const RunRequest&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return exited(0, "ok");
  });
  Judge judge(sandbox);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { EXPECT_EQ(judge.judge(echo_request(1)).verdict, V::kAccepted); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sandbox->runs, 1);
  const std::string others[] = {R"(,"limits":{"cpu_seconds":3})",
                                R"(,"limits":{"memory_mib":100})",
                                R"(,"compare":{"mode":"lines"})",
                                R"(,"stop":"never")",
                                R"(,"score":"share")",
                                R"(,"compare":{"mode":"floats","absolute":1})",
                                R"(,"limits":{"total_wall_seconds":9})"};
  for (const std::string& other : others) judge.judge(echo_request(1, other));
  EXPECT_EQ(sandbox->runs, 1 + 7);
  judge.clear();
  judge.judge(echo_request(1));
  EXPECT_EQ(sandbox->runs, 1 + 7 + 1);
}

TEST(Judge, AFailureOfTheSandboxIsNotKept) {
  const RunResult infra = ended(Ending::kInfra);
  Judge judge(std::make_shared<FakeSandbox>(script({infra, infra, infra, exited(0, "ok")})));
  EXPECT_EQ(judge.judge(echo_request(1)).verdict, V::kInfra);
  EXPECT_EQ(judge.judge(echo_request(1)).verdict, V::kAccepted);
}

TEST(Judge, ExpectedOutputsNeverEnterTheSandbox) {
  const auto look = [](const RunRequest& run) {
    std::string all;
    for (const BoxFile& file : run.files) all += *file.bytes;
    for (const std::string& word : run.argv) all += word;
    if (run.input) all += *run.input;
    if (run.channel) all += *run.channel;
    EXPECT_EQ(all.find("4711"), all.npos);
    return exited(0, "1");
  };
  const JudgeResult text = judge(
      request_of(R"({"language":"bash","source":"x","tests":[{"input":"1","output":"4711"}]})"), look);
  const JudgeResult value = judge(request_of(R"({"language":"python","source":"x","function":{"name":"f"},
                                                "tests":[{"input":[1],"output":4711}]})"), look);
  for (const JudgeResult& result : {text, value}) {
    EXPECT_EQ(result.verdict, V::kWrongAnswer);
    EXPECT_EQ(to_json(result).dump().find("4711"), std::string::npos);
  }
}

TEST(Judge, ACheckerDecidesAndItsFailureIsNoAnswer) {
  const JudgeRequest request = request_of(R"({"language":"bash","source":"contestant",
      "compare":{"mode":"checker","language":"python","source":"checker"},
      "tests":[{"input":"in","output":"expected"}]})");
  const auto with = [&](RunResult checker) {
    return judge(request, [&](const RunRequest& run) {
      if (*run.files[0].bytes == "contestant") return exited(0, "out");
      EXPECT_EQ(run.argv, (std::vector<std::string>{"solution.py", "input", "output", "answer"}));
      EXPECT_EQ(*run.files[1].bytes + *run.files[2].bytes + *run.files[3].bytes, "inoutexpected");
      return checker;
    });
  };
  for (int code : {0, 42}) EXPECT_EQ(with(exited(code)).verdict, V::kAccepted) << code;
  for (int code : {1, 2, 7, 43}) EXPECT_EQ(with(exited(code)).verdict, V::kWrongAnswer) << code;
  for (int code : {3, 4, 100}) EXPECT_EQ(with(exited(code)).verdict, V::kInfra) << code;
  for (Ending ending : {Ending::kSignalled, Ending::kCpuLimit, Ending::kWallLimit, Ending::kMemoryLimit})
    EXPECT_EQ(with(ended(ending)).verdict, V::kInfra);
}

TEST(Judge, OfAFunctionOnlyAnAnswerWithTheNonceCounts) {
  const JudgeRequest request = request_of(R"({"language":"python","source":"x","function":{"name":"f"},
                                             "tests":[{"input":[1],"output":[1,2]}]})");
  const auto with = [&](const std::string& before, const std::string& after) {
    return judge(request, [&](const RunRequest& run) {
      EXPECT_TRUE(run.channel->starts_with(R"({"nonce":")"));
      EXPECT_TRUE(run.channel->ends_with(R"(,"name":"f","arguments":[1]})"));
      RunResult result = exited(0);
      result.channel = before + run.channel->substr(10, 32) + after;
      return result;
    }).verdict;
  };
  EXPECT_EQ(with("", " [1,2]\n"), V::kAccepted);
  EXPECT_EQ(with("", " [2,1]\n"), V::kWrongAnswer);
  EXPECT_EQ(with("", ""), V::kWrongAnswer);
  EXPECT_EQ(with("", "[1,2]"), V::kWrongAnswer);
  EXPECT_EQ(with("x", " [1,2]\n"), V::kWrongAnswer);
  EXPECT_EQ(with("", " [1,2]\n[1,2]\n"), V::kWrongAnswer);
  EXPECT_EQ(with(std::string(32, '0') + " [1,2]\n", ""), V::kWrongAnswer);
}

TEST(ParseJudgeRequest, Defaults) {
  const JudgeRequest request = echo_request(1);
  EXPECT_EQ(request.limits.cpu_seconds, 2);
  EXPECT_EQ(request.limits.wall_seconds, 10);
  EXPECT_EQ(request.limits.memory_mib, 512);
  EXPECT_EQ(request.limits.output_mib, 8);
  EXPECT_EQ(request.limits.processes, 32);
  EXPECT_EQ(request.compare.mode, CompareMode::kTokens);
  EXPECT_TRUE(request.stop_at_first_failure);
  EXPECT_FALSE(request.share);
}

TEST(ParseJudgeRequest, NamesWhatIsWrong) {
  const auto error = [](const std::string& json) {
    const Result<JudgeRequest> request = parse_judge_request(json);
    return request.ok() ? "none" : request.error().to_string();
  };
  const std::string tests = R"("tests":[{"input":"","output":""}])";
  const std::string start = R"({"language":"python","source":"",)" + tests;
  EXPECT_EQ(error(start + "}"), "none");
  EXPECT_EQ(error(start + R"(,"my own column":1})"), "none");
  const std::pair<std::string, std::string> cases[] = {
      {"[]", "must be an object, not a list"},
      {R"({"source":"",)" + tests + "}", "language: is missing"},
      {R"({"language":"perl","source":"",)" + tests + "}", "language: must be python, cpp or bash, not 'perl'"},
      {R"({"language":"python",)" + tests + "}", "source: is missing"},
      {R"({"language":"python","source":""})", "tests: must hold at least one test"},
      {R"({"language":"python","source":"","tests":[]})", "tests: must hold at least one test"},
      {R"({"language":"python","source":"","tests":[{"input":""}]})", "tests[0].output: is missing"},
      {R"({"language":"python","source":"","tests":[{"input":1,"output":""}]})",
       "tests[0].input: must be a text, not an integer"},
      {start + R"(,"limit":{}})", "limit: unknown key; did you mean 'limits'?"},
      {start + R"(,"limits":{"cpu_second":1}})", "limits.cpu_second: unknown key; did you mean 'cpu_seconds'?"},
      {start + R"(,"limits":{"cpu_seconds":0}})", "limits.cpu_seconds: must be a number from 0.01 to 86400"},
      {start + R"(,"limits":{"memory_mib":1.5}})", "limits.memory_mib: must be a whole number from 16 to 1048576"},
      {start + R"(,"limits":{"processes":99999999999999999999}})",
       "limits.processes: must be a whole number from 1 to 4096"},
      {start + R"(,"stop":"newer"})", "stop: must be one of first_failure, never; did you mean 'never'?"},
      {start + R"(,"compare":{"mode":"tokens","absolute":1}})",
       "compare: absolute and relative belong to the mode floats"},
      {start + R"(,"compare":{"mode":"checker","language":"cpp"}})",
       "compare.source: is missing: the mode checker needs a program"},
      {start + R"(,"compare":{"mode":"exact","case_sensitive":false}})",
       "compare.case_sensitive: belongs to the modes tokens and floats"},
      {start + R"(,"function":{"name":"f"}})", "tests[0].input: must be a list, not a text"},
      {start + R"(,"function":{"name":"f.1"}})", "function.name: must be a Python name, or Class.method"},
      {R"({"language":"cpp","source":"","function":{"name":"f"},"tests":[{"input":[],"output":1}]})",
       "function: needs the language python"},
      {start + R"(,"stop":"never","stop":"never"})", "key twice: stop"},
  };
  for (const auto& [json, expected] : cases) EXPECT_EQ(error(json), expected) << json;
}

TEST(ParseJudgeRequest, KeepsEveryDigitOfAFunctionsValues) {
  const JudgeRequest request = request_of(R"({"language":"python","source":"","function":{"name":"A.f_1"},
      "tests":[{"input":[123456789012345678901234567890, [ 1 ]],"output":1.50}]})");
  EXPECT_EQ(*request.tests[0].input, "[123456789012345678901234567890, [ 1 ]]");
  EXPECT_EQ(*request.tests[0].output, "1.50");
}

}  // namespace
}  // namespace hone::sandboxes
