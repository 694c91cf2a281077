// The sample files of tests/data: every format, in lines and in Parquet.
#include <gtest/gtest.h>

#include <ostream>

#include "base/json.h"
#include "rewards/checker.h"
#include "tests/support/chat_tokenizer.h"
#include "trainer/problem_source.h"

namespace hone::trainer {
namespace {

struct Sample {
  const char* name;  // without its ending
  DataFormat format;
  bool has_completion;
};
void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.name; }

class SampleFile : public ::testing::TestWithParam<Sample> {
 protected:
  static std::vector<rl::Problem> read(const std::string& ending) {
    FileSourceReport report;
    const auto source = make_file_source({.path = str(HONE_SOURCE_DIR "/tests/data/", GetParam().name, ending),
                                          .prompt_template = chat(),
                                          .shuffle = false},
                                         &report);
    EXPECT_TRUE(source.ok()) << source.error().to_string();
    if (!source.ok()) return {};
    EXPECT_EQ(report.format, GetParam().format);
    std::vector<rl::Problem> problems;
    for (uint64_t i = 0; i < *(*source)->rows(); ++i) problems.push_back((*source)->at(i).value());
    return problems;
  }
  static PromptTemplate chat() {
    return PromptTemplate::make("chat", std::make_shared<const test::ChatTokenizer>()).value();
  }
  static rl::Verdict grade(const rl::Problem& problem, const std::string& answer, bool bare) {
    static const auto checker = rewards::make_checker("math", nlohmann::json::object()).value();
    const auto gold = nlohmann::json::parse(problem.gold);
    return checker->check({.completion = answer, .gold = &gold, .bare_answer = bare}).verdict;
  }
};

TEST_P(SampleFile, GoldsAndWorkedAnswersGradeAsCorrect) {
  const std::vector<rl::Problem> problems = read(".jsonl");
  EXPECT_EQ(problems.size(), 8u);
  for (const rl::Problem& problem : problems) {
    const auto gold = nlohmann::json::parse(problem.gold).get<std::string>();
    EXPECT_EQ(grade(problem, gold, true), rl::Verdict::kCorrect) << gold;
    EXPECT_EQ(grade(problem, "So the answer is \\boxed{" + gold + "}.", false), rl::Verdict::kCorrect) << gold;
    EXPECT_EQ(!problem.completion.empty(), GetParam().has_completion);
    if (GetParam().has_completion) {
      EXPECT_EQ(grade(problem, problem.completion, false), rl::Verdict::kCorrect) << problem.completion;
    }
  }
}

TEST_P(SampleFile, ParquetHoldsTheSameProblems) {
  const std::vector<rl::Problem> lines = read(".jsonl"), parquet = read(".parquet");
  ASSERT_EQ(lines.size(), parquet.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].prompt, parquet[i].prompt);
    EXPECT_EQ(lines[i].gold, parquet[i].gold);
    EXPECT_EQ(lines[i].completion, parquet[i].completion);
    EXPECT_EQ(lines[i].data_source, parquet[i].data_source);
    EXPECT_EQ(lines[i].extra_info, parquet[i].extra_info);
  }
}

constexpr Sample kSamples[] = {{"gsm8k", DataFormat::kGsm8k, true},        {"math", DataFormat::kMath, true},
                               {"math_500", DataFormat::kMath, true},      {"dapo", DataFormat::kVerl, false},
                               {"verl", DataFormat::kVerl, false},         {"trl_messages", DataFormat::kTrl, true},
                               {"trl_prompt_completion", DataFormat::kTrl, true}};
INSTANTIATE_TEST_SUITE_P(All, SampleFile, ::testing::ValuesIn(kSamples),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace hone::trainer
