#include "rewards/tasks/task.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "base/json.h"
#include "rewards/tasks/completion.h"
#include "rewards/tasks/worked_answers.h"

namespace hone::rewards {
namespace {

constexpr uint64_t kKey = mix64(7, 0, Purpose::kTask);

rl::Problem draw(const std::string& task, uint64_t item, const CorpusOptions& options = {},
                 Split split = Split::kTraining) {
  return draw_problem(*find_task(task).value(), kKey, item, split, options);
}

std::string answer_of(const rl::Problem& problem) { return nlohmann::json::parse(problem.gold).get<std::string>(); }

TEST(FindTask, SuggestsTheNearestName) {
  const auto message = [](std::string_view name) { return find_task(name).error().message; };
  const std::string near = "there is no task 'runing_sum'; did you mean 'running_sum'? Known: running_sum, sum, ";
  EXPECT_EQ(message("runing_sum").substr(0, near.size()), near);
  EXPECT_EQ(message("poetry").substr(0, 31), "there is no task 'poetry'; know");
}

TEST(RunningSum, ChainIsTheRunningSumModuloTen) {
  for (uint64_t item = 0; item < 200; ++item) {
    const rl::Problem problem = draw("running_sum", item);
    ASSERT_EQ(problem.prompt.size(), 9u);
    ASSERT_EQ(problem.prompt.back(), '=');
    std::string chain;
    int sum = 0;
    for (char digit : problem.prompt.substr(0, 8)) chain += static_cast<char>('0' + (sum = (sum + digit - '0') % 10));
    EXPECT_EQ(problem.completion, "<think>" + chain + "</think><answer>" + answer_of(problem) + "</answer>");
    EXPECT_EQ(answer_of(problem), chain.substr(7));
  }
}

TEST(Sum, ChainIsThePartialResultsWithinTwoDigits) {
  for (uint64_t item = 0; item < 500; ++item) {
    const rl::Problem problem = draw("sum", item);
    ASSERT_EQ(problem.prompt.size(), 18u);
    std::string chain;
    int sum = 0;
    for (size_t at = 0; at < 17; at += 3) {
      const int number = std::stoi(problem.prompt.substr(at, 2));
      ASSERT_LE(number, 15);
      sum += at > 0 && problem.prompt[at - 1] == '-' ? -number : number;
      ASSERT_TRUE(sum >= 0 && sum <= 99);
      chain += {static_cast<char>('0' + sum / 10), static_cast<char>('0' + sum % 10), ';'};
    }
    EXPECT_EQ(problem.completion, "<think>" + chain + "</think><answer>" + answer_of(problem) + "</answer>");
  }
}

TEST(Sum, DrawsBothSigns) {
  int minus = 0;
  for (uint64_t item = 0; item < 500; ++item)
    for (char c : draw("sum", item).prompt) minus += c == '-';
  EXPECT_GT(minus, 700);
  EXPECT_LT(minus, 1250);
}

TEST(Tasks, UseOnlyTheirCharacters) {
  for (const Task* task : tasks()) {
    PhiloxStream random(kKey, 1);
    for (int i = 0; i < 100; ++i) {
      const Question question = task->question(random);
      const std::string text = question.prompt + question.chain + question.answer;
      EXPECT_EQ(text.find_first_not_of(task->characters()), text.npos) << text;
    }
  }
}

// Recipes that people have run must stay what they were.
TEST(DrawProblem, TheStreamsOfTheFirstTasksAreFixed) {
  const auto hash = [](const std::string& task) {
    uint64_t h = 0;
    for (uint64_t item = 0; item < 100; ++item) {
      const rl::Problem problem = draw(task, item, {.chain_share = .5, .malformed_share = .5});
      for (unsigned char c : problem.prompt + problem.gold + problem.completion) h = h * 0x100000001B3ull + c;
    }
    return h;
  };
  EXPECT_EQ(hash("running_sum"), 15736891390867290183u);
  EXPECT_EQ(hash("sum"), 9156033377426042446u);
}

TEST(DrawProblem, IsAFunctionOfKeyAndItem) {
  EXPECT_EQ(draw("sum", 5).prompt, draw("sum", 5).prompt);
  EXPECT_NE(draw("sum", 5).prompt, draw("sum", 6).prompt);
  const Task& task = *find_task("sum").value();
  EXPECT_NE(draw("sum", 5).prompt, draw_problem(task, kKey + 1, 5, Split::kTraining, {}).prompt);
}

TEST(DrawProblem, TheQuestionDoesNotDependOnTheOptions) {
  for (uint64_t item = 0; item < 200; ++item)
    EXPECT_EQ(draw("sum", item).prompt, draw("sum", item, {.chain_share = .3, .malformed_share = .7}).prompt);
}

TEST(DrawProblem, ChainShareIsTheShareOfWorkedChains) {
  int chains = 0;
  for (uint64_t item = 0; item < 2000; ++item) {
    const rl::Problem problem = draw("sum", item, {.chain_share = .1});
    chains += problem.completion != "<think></think><answer>" + answer_of(problem) + "</answer>";
  }
  EXPECT_NEAR(chains, 200, 45);
}

TEST(DrawProblem, MalformedShareIsTheShareOfBrokenFormats) {
  std::set<std::string> shapes;
  int malformed = 0;
  for (uint64_t item = 0; item < 2000; ++item) {
    const rl::Problem problem = draw("running_sum", item, {.malformed_share = .4});
    std::string shape = problem.completion;
    std::erase_if(shape, [](char c) { return c >= '0' && c <= '9'; });
    if (shape != "<think></think><answer></answer>") ++malformed, shapes.insert(shape);
  }
  EXPECT_NEAR(malformed, 800, 90);
  EXPECT_EQ(shapes.size(), size_t{kNumMalformedForms});
}

TEST(DrawProblem, HeldOutPromptsAreNeverDrawnForTraining) {
  std::set<std::string> held_out;
  for (uint64_t item = 0; item < 512; ++item) held_out.insert(draw("running_sum", item, {}, Split::kHeldOut).prompt);
  for (const std::string& prompt : held_out) EXPECT_EQ(split_of(prompt), Split::kHeldOut);
  for (uint64_t item = 0; item < 20000; ++item) ASSERT_EQ(held_out.count(draw("running_sum", item).prompt), 0u);
}

TEST(DrawProblem, OnePromptIn16IsHeldOut) {
  PhiloxStream random(kKey, 0);
  int held_out = 0;
  for (int i = 0; i < 16000; ++i)
    held_out += split_of(find_task("sum").value()->question(random).prompt) == Split::kHeldOut;
  EXPECT_NEAR(held_out, 1000, 120);
}

TEST(WorkedAnswers, AreWellFormedTrainingRows) {
  std::ostringstream out;
  write_worked_answers(*find_task("sum").value(), 20, 3, out);
  std::istringstream lines(out.str());
  int rows = 0;
  for (std::string line; std::getline(lines, line); ++rows) {
    const auto row = nlohmann::json::parse(line);
    EXPECT_EQ(split_of(row["prompt"].get<std::string>()), Split::kTraining);
    EXPECT_TRUE(row["completion"].get<std::string>().ends_with(
        ";</think><answer>" + row["gold"].get<std::string>() + "</answer>"));
  }
  EXPECT_EQ(rows, 20);
}

}  // namespace
}  // namespace hone::rewards
