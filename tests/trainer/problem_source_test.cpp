#include "trainer/problem_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "base/json.h"
#include "tests/support/temp_dir.h"
#include "trainer/epoch_order.h"

namespace hone::trainer {
namespace {

class FileSourceTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<ProblemSource>> load(const std::string& text, FileSourceOptions options = {},
                                              FileSourceReport* report = nullptr) {
    std::ofstream(path_, std::ios::binary) << text;
    options.path = path_;
    return make_file_source(options, report);
  }
  // The error of the file, its path replaced by "F".
  std::string error_of(const std::string& text, const FileSourceOptions& options = {}) {
    const auto source = load(text, options);
    if (source) return "loaded";
    std::string message = source.error().to_string();
    for (size_t at; (at = message.find(path_)) != message.npos;) message.replace(at, path_.size(), "F");
    return message;
  }
  testing::TempDir dir_;
  std::string path_ = dir_.file("rows.jsonl");
};

std::string numbered_rows(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += str("{\"prompt\": \"", i, "\", \"gold\": ", i, "}\n");
  return text;
}

std::vector<std::string> prompts(ProblemSource& source, uint64_t first, uint64_t count) {
  std::vector<std::string> texts;
  for (uint64_t i = first; i < first + count; ++i) texts.push_back(source.at(i).value().prompt);
  return texts;
}

TEST_F(FileSourceTest, MapsColumnsByName) {
  const FileSourceOptions options{.columns = {.prompt = "question", .gold = "solution"}, .shuffle = false};
  const auto source = load(
      "{\"question\": \"1+1=\", \"solution\": 2, \"completion\": \"2\", \"data_source\": \"sum\"}\r\n\n"
      "{\"question\": \"2+2=\", \"solution\": [4, \"four\"]}",
      options);
  ASSERT_TRUE(source.ok()) << source.error().to_string();
  EXPECT_EQ((*source)->rows(), 2u);
  const rl::Problem first = (*source)->at(0).value(), second = (*source)->at(1).value();
  EXPECT_EQ(first.prompt, "1+1=");
  EXPECT_EQ(first.gold, "2");
  EXPECT_EQ(first.completion, "2");
  EXPECT_EQ(first.data_source, "sum");
  EXPECT_EQ(first.extra_info, "{}");
  EXPECT_EQ(second.gold, "[4,\"four\"]");
}

TEST_F(FileSourceTest, UnknownColumnsTravelAsExtraInfo) {
  const auto source = load(R"({"prompt": "p", "gold": 1, "level": 3, "tags": ["a"], "extra_info": {"id": 7}})");
  EXPECT_EQ((*source)->at(0)->extra_info, R"({"id":7,"level":3,"tags":["a"]})");
}

TEST_F(FileSourceTest, NamesLineAndFieldOfEveryProblem) {
  const std::string text =
      "{\"prompt\": \"p\", \"gold\": 1}\n{\"gold\": 1}\n{\"prompt\": 5, \"gold\": 1}\n{\"prompt\": \"p\"}\n[]\n"
      "{\"prompt\": \"p\", \"gold\": 1, \"extra_info\": 2}\n{\"prompt\": \"p\", \"gold\": 1, \"a\": 1, \"extra_info\": "
      "{\"a\": 1}}\n"
      "{\"prompt\": \"\", \"gold\": 1}\n";
  EXPECT_EQ(error_of(text),
            "F:2: prompt: is missing\nF:3: prompt: must be a text or a list of messages, not number\n"
            "F:4: gold: is missing\n"
            "F:5: must be an object, not array\nF:6: extra_info: must be an object, not number\n"
            "F:7: a: is also a member of extra_info\nF:8: prompt: is empty");
}

TEST_F(FileSourceTest, RefusesWhatIsNotJson) {
  EXPECT_TRUE(error_of("{\"prompt\": \"p\", \"gold\": 1}\n{\"prompt\": \"p\"").starts_with("F:2: "));
  EXPECT_TRUE(error_of("{\"prompt\": \"\xFF\", \"gold\": 1}").starts_with("F:1: "));
  EXPECT_TRUE(error_of("{\"prompt\": \"p\", \"prompt\": \"q\", \"gold\": 1}").starts_with("F:1: "));
  EXPECT_TRUE(error_of("{\"prompt\": " + std::string(100000, '[')).starts_with("F:1: "));
}

TEST_F(FileSourceTest, ColumnsOfNoFormatAreReportedOnce) {
  const std::string message = error_of("{\"q\": 1}\n{\"q\": 2}\n");
  EXPECT_TRUE(message.starts_with("F:1: the columns (q) fit no known format")) << message;
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 0);
}

TEST_F(FileSourceTest, ShowsTwentyProblemsAndCountsTheRest) {
  std::string text;
  for (int i = 0; i < 25; ++i) text += "{\"prompt\": \"\"}\n";
  const std::string message = error_of(text);
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 20);
  EXPECT_TRUE(message.ends_with("\nF:20: prompt: is empty\nand 5 more")) << message;
}

TEST_F(FileSourceTest, WhatIsNeededDependsOnTheStage) {
  EXPECT_EQ(error_of("{\"prompt\": \"p\"}", {.needs = {}}), "loaded");
  EXPECT_EQ(error_of("{\"prompt\": \"p\"}", {.needs = {.completion = true}}), "F:1: completion: is missing");
}

FileSourceOptions keeping_even_golds(int threads) {
  return {.shuffle = false,
          .admit = [](const rl::Problem& problem) -> Result<bool> {
            if (problem.gold == "-1") return Error{.message = "is negative", .field = "gold"};
            return std::stoi(problem.gold) % 2 == 0;
          },
          .threads = threads};
}

TEST_F(FileSourceTest, AsksOfEveryRowWhetherItIsKept) {
  for (int threads : {1, 3}) {
    FileSourceReport report;
    const auto source = load(numbered_rows(9000), keeping_even_golds(threads), &report);
    ASSERT_TRUE(source.ok()) << source.error().to_string();
    EXPECT_EQ((*source)->rows(), 4500u);
    EXPECT_EQ(report.rows, 4500);
    EXPECT_EQ(report.left_out, 4500);
    EXPECT_EQ(prompts(**source, 0, 3), (std::vector<std::string>{"0", "2", "4"}));
    EXPECT_EQ((*source)->at(4499)->prompt, "8998");
    EXPECT_EQ(error_of(R"({"prompt": "a", "gold": 2})" "\n" R"({"prompt": "b", "gold": -1})" "\nx",
                       keeping_even_golds(threads)),
              "F:2: gold: is negative\nF:3: not valid JSON");
  }
  EXPECT_EQ(error_of(R"({"prompt": "a", "gold": 1})", keeping_even_golds(1)), "F: all 1 rows are left out");
}

TEST_F(FileSourceTest, AMissingOrEmptyFileIsAnError) {
  EXPECT_EQ(error_of("\n \n"), "F: has no rows");
  const auto missing = make_file_source({.path = dir_.file("none.jsonl")});
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
}

TEST_F(FileSourceTest, ReadsNoMoreRowsThanAreWanted) {
  EXPECT_EQ(load(numbered_rows(5) + "broken", {.max_rows = 3}).value()->rows(), 3u);
}

TEST_F(FileSourceTest, FilesWithAnotherHashAreRefused) {
  const std::string hash = "4b3f025124f2bcf3b1631fdfd45d9e593332f876d6d84aa8db7bf31564b7355d";  // of {"prompt":"p"}
  EXPECT_EQ(error_of(R"({"prompt":"p"})", {.needs = {}, .sha256 = hash}), "loaded");
  const std::string error = error_of(R"({"prompt":"q"})", {.needs = {}, .sha256 = hash});
  EXPECT_TRUE(error.starts_with("F: has changed: its SHA-256 is ")) << error;
}

TEST_F(FileSourceTest, ShufflesEachEpochAnew) {
  const auto source = load(numbered_rows(50), {.key = 3}).value();
  const auto first = prompts(*source, 0, 50), second = prompts(*source, 50, 50);
  EXPECT_EQ(std::set(first.begin(), first.end()).size(), 50u);
  EXPECT_EQ(std::set(second.begin(), second.end()).size(), 50u);
  EXPECT_NE(first, second);
  EXPECT_FALSE(
      std::is_sorted(first.begin(), first.end(), [](auto& a, auto& b) { return std::stoi(a) < std::stoi(b); }));
}

TEST_F(FileSourceTest, AProblemDependsOnKeyAndIndexAlone) {
  const auto forward = load(numbered_rows(7), {.key = 3}).value(),
             backward = load(numbered_rows(7), {.key = 3}).value();
  const auto expected = prompts(*forward, 0, 21);
  for (uint64_t i = 21; i-- > 0;) EXPECT_EQ(backward->at(i)->prompt, expected[i]);
  EXPECT_NE(prompts(*load(numbered_rows(7), {.key = 4}).value(), 0, 21), expected);
}

TEST_F(FileSourceTest, WithoutShuffleKeepsTheOrderOfTheFile) {
  const auto source = load(numbered_rows(3), {.shuffle = false}).value();
  EXPECT_EQ(prompts(*source, 0, 7), (std::vector<std::string>{"0", "1", "2", "0", "1", "2", "0"}));
}

TEST_F(FileSourceTest, FillsTheTemplates) {
  const auto prompt_template = PromptTemplate::make("Q: {prompt}\nA:", nullptr);
  const std::string row = R"({"prompt": "{prompt}", "gold": "{completion}", "completion": "C{gold}"})";
  const auto source = load(row, {.prompt_template = *prompt_template,
                                 .completion_template = "<think>{completion}</think><answer>{gold}</answer>"});
  EXPECT_EQ((*source)->at(0)->prompt, "Q: {prompt}\nA:");
  EXPECT_EQ((*source)->at(0)->completion, "<think>C{gold}</think><answer>{completion}</answer>");
  EXPECT_EQ(error_of(R"({"prompt": "p", "completion": "C"})", {.needs = {}, .completion_template = "{gold}"}),
            "F:1: completion_template: needs the row's gold, which it lacks");
}

TEST_F(FileSourceTest, ACompletionOfGsm8kEndsWithItsAnswer) {
  const auto source = load(R"({"question": "Q", "answer": "It is 1 + 1 = <<1+1=2>>2.\n#### 2"})");
  EXPECT_EQ((*source)->at(0)->completion, "It is 1 + 1 = 2.\n#### 2");
}

TEST(EpochOrder, EveryOrderIsEquallyLikely) {
  std::map<std::vector<uint32_t>, int> seen;
  for (uint64_t epoch = 0; epoch < 6000; ++epoch) ++seen[epoch_order(1, epoch, 3)];
  EXPECT_EQ(seen.size(), 6u);
  for (const auto& [order, count] : seen) EXPECT_NEAR(count, 1000, 150);
}

TEST(TaskSource, ChangesTheCorpusAtLateFrom) {
  const auto source = make_task_source({.task = "sum",
                                        .key = 1,
                                        .corpus = {.chain_share = 1},
                                        .late = {.chain_share = 0},
                                        .late_from = 10})
                          .value();
  EXPECT_FALSE(source->at(9)->completion.starts_with("<think></think>"));
  EXPECT_TRUE(source->at(10)->completion.starts_with("<think></think>"));
  EXPECT_EQ(source->rows(), std::nullopt);
}

TEST(TaskSource, EvaluationAsksWhatTrainingNeverAsks) {
  const auto make = [](Purpose purpose, rewards::Split split) {
    return make_task_source({.task = "running_sum", .key = mix64(1, 0, purpose), .split = split}).value();
  };
  const auto training = make(Purpose::kTask, rewards::Split::kTraining);
  const auto evaluation = make(Purpose::kEval, rewards::Split::kHeldOut);
  for (const std::string& prompt : prompts(*training, 0, 500))
    EXPECT_EQ(rewards::split_of(prompt), rewards::Split::kTraining);
  for (const std::string& prompt : prompts(*evaluation, 0, 500))
    EXPECT_EQ(rewards::split_of(prompt), rewards::Split::kHeldOut);
}

TEST(TaskSource, RefusesBadOptions) {
  EXPECT_EQ(make_task_source({.task = "sums"}).error().field, "task");
  EXPECT_EQ(make_task_source({.task = "sum", .corpus = {.chain_share = 1.5}}).error().to_string(),
            "chain_share: must be in [0, 1], not 1.5");
  EXPECT_EQ(make_task_source({.task = "sum", .late = {.malformed_share = -1}}).error().field, "malformed_share");
}

TEST(ColdStart, ShippedRowsAreWellFormed) {
  const auto source = make_file_source({.path = HONE_SOURCE_DIR "/configs/cold_start.jsonl",
                                        .needs = {.completion = true},
                                        .shuffle = false});
  ASSERT_TRUE(source.ok()) << source.error().to_string();
  EXPECT_EQ((*source)->rows(), 300u);
  for (uint64_t i = 0; i < 300; ++i) {
    const rl::Problem row = (*source)->at(i).value();
    const auto gold = nlohmann::json::parse(row.gold).get<std::string>();
    EXPECT_TRUE(row.completion.starts_with("<think>"));
    EXPECT_TRUE(row.completion.ends_with(gold + ";</think><answer>" + gold + "</answer>")) << row.completion;
  }
}

}  // namespace
}  // namespace hone::trainer
