#include "rewards/code_checker.h"

#include <gtest/gtest.h>

#include "tests/sandboxes/fake_sandbox.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;
using sandboxes::FakeSandbox;
using sandboxes::Language;
using sandboxes::RunRequest;
using sandboxes::RunResult;

// Text that a program "echo X" writes is X; "exit", "infra": it ends so.
RunResult pretend(const RunRequest& run) {
  const std::string& source = *run.files.at(0).bytes;
  if (source.find("infra") != source.npos) return {.reason = "the machine is gone"};
  if (source.find("exit") != source.npos) return sandboxes::exited(3);
  const size_t echo = source.rfind("echo ");
  return sandboxes::exited(0, echo == source.npos ? "" : source.substr(echo + 5));
}

CheckResult check(const std::string& completion, const json& gold, const json& options = json::object(),
                  std::string_view prompt = "") {
  const auto sandbox = std::make_shared<FakeSandbox>(pretend);
  const auto checker = make_checker("code", options, {.sandbox = sandbox});
  EXPECT_TRUE(checker.ok()) << (checker.ok() ? "" : checker.error().to_string());
  return (*checker)->check({.prompt = prompt, .completion = completion, .gold = &gold});
}

std::string block(const std::string& code) { return "```python\n" + code + "\n```\n"; }

const json kTests = {
    {{"input", ""}, {"output", "1"}}, {{"input", ""}, {"output", "2"}}, {{"input", ""}, {"output", "1"}}};
const json kOne = {{{"input", ""}, {"output", "1"}}};

TEST(CodeChecker, VerdictsOfTheJudgeBecomeItsOwn) {
  const CheckResult right = check(block("echo 1"), kOne);
  EXPECT_EQ(right.verdict, Verdict::kCorrect);
  EXPECT_EQ(right.score, 1);
  EXPECT_EQ(right.reason, "");
  EXPECT_EQ(right.extracted, "echo 1\n");
  const CheckResult wrong = check(block("echo 2"), kOne);
  EXPECT_EQ(wrong.verdict, Verdict::kWrong);
  EXPECT_EQ(wrong.score, 0);
  EXPECT_EQ(wrong.reason, "wrong_answer: test 1: token 1 differs");
  EXPECT_EQ(check(block("exit"), kOne).reason, "runtime_error: test 1: exit code 3");
  EXPECT_EQ(check(block("infra"), kOne).verdict, Verdict::kInfra);
  EXPECT_EQ(check("no code", kOne).verdict, Verdict::kNoAnswer);
  EXPECT_EQ(check(block("  "), kOne).reason, "the program is empty");
}

TEST(CodeChecker, AShareOfTheTests) {
  const CheckResult part = check(block("echo 1"), kTests, {{"score", "share"}});
  EXPECT_EQ(part.verdict, Verdict::kWrong);
  EXPECT_DOUBLE_EQ(part.score, 2.0 / 3);
  EXPECT_EQ(check(block("echo 1"), kTests).score, 0);
  EXPECT_EQ(check(block("infra"), kTests, {{"score", "share"}}).verdict, Verdict::kInfra);
  EXPECT_EQ(check(block("echo 1"), kTests, {{"max_tests", 1}}).verdict, Verdict::kCorrect);
}

TEST(CodeChecker, PrefixAndSuffixStandAroundTheProgram) {
  EXPECT_EQ(check(block("echo"), kOne, {{"prefix", "import x\n"}, {"suffix", " echo 1"}}).verdict, Verdict::kCorrect);
  const json gold = {{"tests", kOne}, {"prefix", "infra "}};
  EXPECT_EQ(check(block("echo 1"), gold, {{"prefix", ""}}).verdict, Verdict::kInfra);
}

TEST(CodeChecker, TheGoldGoesBeforeTheOptions) {
  const json gold = {{"tests", {{{"input", ""}, {"output", "1.0"}}}}, {"compare", {{"mode", "floats"}}}};
  EXPECT_EQ(check(block("echo 1"), gold).verdict, Verdict::kCorrect);
  EXPECT_EQ(check(block("echo 1"), gold["tests"]).verdict, Verdict::kWrong);
  EXPECT_EQ(check("```bash\necho 1\n```", {{"tests", kOne}, {"language", "bash"}}).verdict, Verdict::kCorrect);
}

TEST(CodeChecker, RefusesBadOptions) {
  const auto error = [](const json& options) {
    const auto checker = make_checker("code", options, {.sandbox = std::make_shared<FakeSandbox>(pretend)});
    return checker.ok() ? "none" : checker.error().field;
  };
  EXPECT_EQ(error({{"language", "perl"}}), "language");
  EXPECT_EQ(error({{"limits", {{"cpu_seconds", 0}}}}), "limits.cpu_seconds");
  EXPECT_EQ(error({{"compare", {{"absolute", 1}}}}), "compare.absolute");
  EXPECT_EQ(error({{"compare", {{"mode", "floats"}, {"absolute", 1}}}}), "none");
  EXPECT_FALSE(make_checker("code", {}).ok());
}

TEST(ExtractCode, Table) {
  using enum CodeExtract;
  const struct {
    CodeExtract policy;
    std::string completion, code;
  } cases[] = {
      {kAuto, block("a"), "a\n"},
      {kAuto, block("a") + "text\n" + block("b") + "text", "b\n"},
      {kAuto, "```\na\n```", "a\n"},
      {kAuto, block("a") + "```\noutput\n```", "a\n"},
      {kAuto, block("a") + "```cpp\nb\n```", "a\n"},
      {kAuto, "```cpp\nb\n```", ""},
      {kAuto, "```Python\r\na\r\n```\r\n", "a\r\n"},
      {kAuto, "  ```py\na\n  ```", "a\n"},
      {kAuto, "````python\na\n```\nb\n````", "a\n```\nb\n"},
      {kAuto, "```python\na", ""},
      {kAuto, block("a") + "```python\nb", "a\n"},
      {kAuto, "<answer>a</answer>", "a"},
      {kAuto, "<answer>" + block("a") + "</answer>", "a\n"},
      {kAuto, "<think>" + block("a") + "</think>" + block("b"), "b\n"},
      {kAuto, "<think>" + block("a") + "</think>none", ""},
      {kAuto, "<think>" + block("a"), ""},
      {kAuto, "print(1)", ""},
      {kAnswer, block("a") + "<answer>b</answer>", "b"},
      {kAnswer, "<answer>\n" + block("a") + "</answer>", "a\n"},
      {kAnswer, block("a"), ""},
      {kFenced, "<answer>b</answer>", ""},
      {kAll, "<think>x</think>print(1)", "print(1)"},
      {kAll, " \n", ""},
  };
  for (const auto& c : cases) {
    const Extraction found = extract_code({.completion = c.completion}, c.policy, Language::kPython);
    EXPECT_EQ(found.answer.value_or(""), c.code) << c.completion;
    EXPECT_EQ(found.reason.empty(), found.answer.has_value()) << c.completion;
  }
  EXPECT_EQ(extract_code({.completion = "print(1)", .bare_answer = true}, kAuto, Language::kPython).answer, "print(1)");
}

TEST(ExtractCode, MonstersEndSoon) {
  std::string ticks(4 << 20, '`'), lines;
  for (int i = 0; i < 1 << 19; ++i) lines += "```py\n```\n";
  for (const std::string& monster : {ticks, lines, std::string(4 << 20, '\n')})
    for (CodeExtract policy : {CodeExtract::kAuto, CodeExtract::kAnswer, CodeExtract::kAll})
      extract_code({.completion = monster}, policy, Language::kPython);
}

CodeProblem read(const json& gold) {
  CodeProblem defaults;
  const Result<CodeProblem> problem = read_code_gold(gold, defaults, 0);
  EXPECT_TRUE(problem.ok()) << gold << (problem.ok() ? "" : problem.error().to_string());
  return problem.ok() ? *problem : CodeProblem{};
}

std::string tests_of(const json& gold) {
  std::string all;
  for (const auto& test : read(gold).request.tests) all += *test.input + "->" + *test.output + ";";
  return all;
}

TEST(CodeGold, TheFormsOfPublicSets) {
  EXPECT_EQ(tests_of(json::parse(R"([{"input":"1 2","output":"3"}])")), "1 2->3;");
  EXPECT_EQ(tests_of(R"([{"input":"1 2","output":"3"}])"), "1 2->3;");
  EXPECT_EQ(tests_of(json::parse(R"([{"input":"1\n","output":"3\n","testtype":"stdin"}])")), "1\n->3\n;");
  EXPECT_EQ(tests_of(json::parse(R"({"inputs":["1","2"],"outputs":["3","4"]})")), "1->3;2->4;");
  EXPECT_EQ(tests_of(json::parse(R"({"inputs":[["1","2"]],"outputs":[["3"]]})")), "1\n2\n->3\n;");
  EXPECT_EQ(tests_of(json::parse(R"({"fn_name":"f","inputs":[[1,[2]]],"outputs":[[3]]})")), "[1,[2]]->[3];");
  EXPECT_EQ(tests_of(json::parse(R"({"fn_name":"f","inputs":["1\n[2]\n"],"outputs":["3"]})")), "[1,[2]]->3;");
  EXPECT_EQ(tests_of(json::parse(R"({"fn_name":null,"inputs":["1"],"outputs":["3"]})")), "1->3;");
  EXPECT_EQ(tests_of(json::parse(R"({"function":{"name":"f"},"tests":[{"input":[1],"output":"x"}]})")), "[1]->\"x\";");
  EXPECT_EQ(tests_of(json::parse(
                R"({"function":{"name":"f"},"tests":[{"input":"1\n2","output":"[3]","testtype":"functional"}]})")),
            "[1,2]->[3];");
  EXPECT_EQ(tests_of(R"({"fn_name":"f","inputs":[[1]],"outputs":[123456789012345678901234567890]})"),
            "[1]->123456789012345678901234567890;");
}

TEST(CodeGold, AValueMayStandInAListOfItsOwn) {
  EXPECT_TRUE(read(json::parse(R"({"fn_name":"f","inputs":[[1],[2]],"outputs":[[3],[4]]})")).request.function->unwrap);
  EXPECT_FALSE(
      read(json::parse(R"({"fn_name":"f","inputs":[[1],[2]],"outputs":[[3],[4,5]]})")).request.function->unwrap);
  EXPECT_FALSE(read(json::parse(R"({"fn_name":"f","inputs":[[1],[2]],"outputs":[3,4]})")).request.function->unwrap);
}

TEST(CodeGold, RefusesWhatItCannotJudge) {
  const auto error = [](const char* gold) {
    const Result<CodeProblem> problem = read_code_gold(json::parse(gold), {}, 0);
    return problem.ok() ? "none" : problem.error().to_string();
  };
  const std::pair<const char*, const char*> cases[] = {
      {"1", "gold: must be a list of tests, or an object"},
      {"\"not json\"", "gold: not valid JSON"},
      {"[]", "tests: must hold at least one test"},
      {"{}", "gold: inputs and outputs must be lists of the same length"},
      {R"({"inputs":["1"],"outputs":[]})", "gold: inputs and outputs must be lists of the same length"},
      {R"({"inputs":[1],"outputs":["1"]})", "gold.inputs[0]: must be a text or a list of lines, not an integer"},
      {R"({"functional":"assert f(1) == 2"})", "gold: tests that are code run in the process that they judge"},
      {R"({"test":"def check(candidate): ...","entry_point":"f"})", "gold: tests that are code"},
      {R"([{"input":"1","output":"2","testtype":"functional"}])", "gold.tests[0]: a functional test needs"},
      {R"([{"input":"1"}])", "gold.tests[0]: needs input and output"},
      {R"({"tests":[{"input":"1","output":"2"}],"limit":{}})", "limit: unknown key; did you mean 'limits'?"},
      {R"({"tests":[{"input":"1","output":"2"}],"limits":{"cpu":1}})", "limits.cpu: unknown key"},
      {R"({"fn_name":"f","inputs":[[1]],"outputs":[123456789012345678901234567890]})", "gold: holds a number of 2^63"},
      {R"({"fn_name":"f","inputs":["["],"outputs":["1"]})", "gold.inputs[0]: not valid JSON"},
  };
  for (const auto& [gold, message] : cases)
    EXPECT_TRUE(error(gold).starts_with(message)) << gold << ": " << error(gold);
}

TEST(CodeChecker, ABadGoldIsAGoldError) {
  EXPECT_EQ(check(block("echo 1"), json::array()).verdict, Verdict::kGoldError);
  const auto checker = make_checker("code", {}, {.sandbox = std::make_shared<FakeSandbox>(pretend)}).value();
  EXPECT_EQ(checker->check({.completion = "x"}).verdict, Verdict::kGoldError);
  EXPECT_FALSE(checker->check_gold("x").ok());
  EXPECT_TRUE(checker->check_gold(kOne).ok());
}

}  // namespace
}  // namespace hone::rewards
