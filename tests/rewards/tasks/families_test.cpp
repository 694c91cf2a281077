#include "rewards/tasks/families.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <set>

#include "base/json.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using rl::Verdict;

constexpr uint64_t kKey = mix64(7, 0, Purpose::kTask);

// Every family at every difficulty, with its first questions.
void for_each_question(int count, const std::function<void(const Task&, const Question&, PhiloxStream&)>& visit) {
  for (const Task* task : tasks())
    for (int difficulty = 1; task->levels() > 1 && difficulty <= task->levels(); ++difficulty)
      for (int item = 0; item < count; ++item) {
        PhiloxStream random(kKey + static_cast<uint64_t>(difficulty), static_cast<uint64_t>(item));
        const Question question = task->question(random, difficulty);
        visit(*task, question, random);
        if (testing::Test::HasFailure()) return;
      }
}

json gold_of(const Question& question) {
  return question.gold.empty() ? json(question.answer) : json::parse(question.gold);
}

TEST(Families, WorkedAnswersAreRight) {
  for_each_question(1000, [](const Task& task, const Question& question, PhiloxStream&) {
    const Judgement judgement = task.judge(gold_of(question), question.answer);
    EXPECT_EQ(judgement.verdict, Verdict::kCorrect) << task.name() << ": " << question.prompt << "\n"
                                                    << question.answer << "\n" << judgement.reason;
    EXPECT_LE(question.answer.size(), kMaxAnswer);
    EXPECT_FALSE(question.chain.empty());
  });
}

TEST(Families, AnswersWithACharacterChangedAreWrong) {
  const auto next = [](char c, char first, char last) { return c == last ? first : static_cast<char>(c + 1); };
  for_each_question(300, [&](const Task& task, const Question& question, PhiloxStream& random) {
    std::string changed = question.answer;
    size_t at = 0;
    do at = random.below(static_cast<uint32_t>(changed.size()));
    while (!std::isalnum(static_cast<unsigned char>(changed[at])));
    char& c = changed[at];
    c = std::isdigit(static_cast<unsigned char>(c)) ? next(c, '0', '9')
        : std::isupper(static_cast<unsigned char>(c)) ? next(c, 'A', 'Z') : next(c, 'a', 'z');
    EXPECT_NE(task.judge(gold_of(question), changed).verdict, Verdict::kCorrect)
        << task.name() << ": " << question.prompt << "\n" << changed;
  });
}

TEST(Families, AnswersWithTextAroundThemAreNotRight) {
  for_each_question(100, [](const Task& task, const Question& question, PhiloxStream&) {
    for (const std::string& text : {"The answer is " + question.answer, question.answer + " or so",
                                    question.answer + ".", question.answer + "; " + question.answer}) {
      const Verdict verdict = task.judge(gold_of(question), text).verdict;
      EXPECT_TRUE(verdict == Verdict::kParseError || verdict == Verdict::kWrong) << task.name() << ": " << text;
    }
  });
}

TEST(Families, UseOnlyTheirCharacters) {
  for_each_question(100, [](const Task& task, const Question& question, PhiloxStream&) {
    const std::string text = question.prompt + question.chain + question.answer;
    EXPECT_EQ(text.find_first_not_of(task.characters()), text.npos) << text;
    EXPECT_EQ(text.find('<'), text.npos) << "looks like a tag: " << text;
  });
}

TEST(Families, HaveAThousandPromptsAndBothSplitsAtEveryDifficulty) {
  for (const Task* task : tasks())
    for (int difficulty = 1; task->levels() > 1 && difficulty <= task->levels(); ++difficulty) {
      std::set<std::string> prompts;
      for (uint64_t item = 0; item < 2000; ++item) {
        const Split split = item % 20 == 0 ? Split::kHeldOut : Split::kTraining;
        const rl::Problem problem = draw_problem(*task, kKey, item, split, {}, difficulty);
        ASSERT_EQ(split_of(problem.prompt), split);
        prompts.insert(problem.prompt);
      }
      EXPECT_GE(prompts.size(), 1000u) << task->name() << " " << difficulty;
    }
}

TEST(Families, ProblemsHaveTheDifficultyAskedFor) {
  for (int difficulty = 1; difficulty <= 10; ++difficulty)
    for (uint64_t item = 0; item < 20; ++item) {
      const rl::Problem problem = draw_problem(sudoku4(), kKey, item, Split::kHeldOut, {}, difficulty);
      const std::string grid = json::parse(problem.gold)["grid"];
      EXPECT_EQ(std::count(grid.begin(), grid.end(), '.'), difficulty + 2);
    }
}

TEST(Families, BadGoldsAreGoldErrors) {
  const json golds[] = {nullptr, 1, "", json::object(), json::array(), {{"grid", 1}}, {{"grid", json::array()}},
                        {{"grid", {"SG", "."}}}, {{"grid", {"S#G"}}}, {{"grid", {"..", ".S"}}}, {{"numbers", 1}},
                        {{"numbers", {1, "2"}}, {"target", 3}}};
  for (const Task* task : tasks())
    for (const json& gold : golds) {
      const Verdict verdict = task->judge(gold, "1").verdict;
      // A text is a gold of every task whose answers are texts.
      EXPECT_TRUE(verdict == Verdict::kGoldError || gold.is_string()) << task->name() << " " << gold;
    }
}

Verdict judge(const Task& task, const json& gold, std::string_view answer) { return task.judge(gold, answer).verdict; }

TEST(Countdown, TakesEveryExpressionThatFits) {
  const json gold = {{"numbers", {3, 7, 25, 2}}, {"target", 98}};
  const struct { std::string_view answer; Verdict verdict; } cases[] = {
      {"(7 - 3) * 25 - 2", Verdict::kCorrect},
      {"25*(7-3)-2", Verdict::kCorrect},
      {"((25))\u00D7(7\u22123)-2", Verdict::kCorrect},
      {"2", Verdict::kWrong},
      {"(7 - 3) * 25 - 2 + 0", Verdict::kWrong},
      {"(7 - 3) * 25 - (2)", Verdict::kCorrect},
      {"(7 - 3) * 25 - 2 = 98", Verdict::kParseError},
      {"100 - 2", Verdict::kWrong},
      {"100 - 1 - 1 + 0", Verdict::kWrong},
      {"(7 - 3) * 25 - 1 - 1", Verdict::kWrong},
      {"98", Verdict::kWrong},
      {"7 - 3 * 25 - 2", Verdict::kWrong},
      {"(7 - 3) * 25 -", Verdict::kParseError},
      {"(7 - 3 * 25 - 2", Verdict::kParseError},
      {"7 - 3) * 25 - 2", Verdict::kParseError},
      {"-3 + 7", Verdict::kParseError},
      {"2(25)", Verdict::kParseError},
      {"25 / (7 - 7)", Verdict::kWrong},
      {"", Verdict::kParseError},
      {"999999999*999999999", Verdict::kLimit},
      {"1234567890", Verdict::kParseError}};
  for (const auto& [answer, verdict] : cases) EXPECT_EQ(judge(countdown(), gold, answer), verdict) << answer;
  const json thirds = {{"numbers", {8, 3, 8, 3}}, {"target", 24}};
  EXPECT_EQ(judge(countdown(), thirds, "8 / (3 - 8 / 3)"), Verdict::kCorrect);
  EXPECT_EQ(judge(countdown(), thirds, "8 / (3 - (8 / 3)"), Verdict::kParseError);
}

TEST(Families, TakeEveryFormOfTheAnswer) {
  const struct { const Task& task; json gold; std::string_view answer; Verdict verdict; } cases[] = {
      {arithmetic_chain(), "-7", "\u22127", Verdict::kCorrect},
      {arithmetic_chain(), "7", "007", Verdict::kCorrect},
      {arithmetic_chain(), "7", "7.0", Verdict::kParseError},
      {arithmetic_chain(), "7", "1234567890123456789", Verdict::kParseError},
      {base_conversion(), "ff", "00FF", Verdict::kCorrect},
      {base_conversion(), "ff", "0xff", Verdict::kParseError},
      {boolean_logic(), "true", "TRUE", Verdict::kCorrect},
      {boolean_logic(), "true", "yes", Verdict::kParseError},
      {calendar(), "Friday", "friday", Verdict::kCorrect},
      {calendar(), "Friday", "Fri", Verdict::kParseError},
      {calendar(), "2000-01-02", "2000-1-2", Verdict::kParseError},
      {factors(), "2 * 2 * 3", "3*2^2", Verdict::kCorrect},
      {factors(), "2 * 2 * 3", "4 * 3", Verdict::kWrong},
      {factors(), "2 * 2 * 3", "2 * 2 * 3 * 1", Verdict::kWrong},
      {factors(), "2 * 2 * 3", "2^99999999", Verdict::kParseError},
      {linear_equations(), "4", "x = 4", Verdict::kCorrect},
      {linear_equations(), "x = 1, y = -2", "y=-2,x=1", Verdict::kCorrect},
      {linear_equations(), "x = 1, y = -2", "x = 1, y = -2, x = 1", Verdict::kParseError},
      {linear_equations(), "x = 1, y = -2", "x = 1", Verdict::kWrong},
      {knights_knaves(), "Ada: knight, Ben: knave", "ben: Knave, ada:knight", Verdict::kCorrect},
      {knights_knaves(), "Ada: knight, Ben: knave", "Ada: knight", Verdict::kWrong},
      {sorting(), "a, b", "a,b", Verdict::kCorrect},
      {sorting(), "a, b", "a, b,", Verdict::kParseError},
      {sudoku4(), {{"grid", "12.43412........"}}, "1234\n3412\n2143\n4321", Verdict::kCorrect},
      {sudoku4(), {{"grid", "12.43412........"}}, "1234 3412 4321 2143", Verdict::kCorrect},
      {sudoku4(), {{"grid", "12.43412........"}}, "1234 3412 4321 2134", Verdict::kWrong},
      {sudoku4(), {{"grid", "12.43412........"}}, "2134 3412 4321 1243", Verdict::kWrong},
      {shortest_path(), {{"grid", {"S.", ".G"}}}, "RD", Verdict::kCorrect},
      {shortest_path(), {{"grid", {"S.", ".G"}}}, "DR", Verdict::kCorrect},
      {shortest_path(), {{"grid", {"S.", ".G"}}}, "DRUD", Verdict::kWrong},
      {shortest_path(), {{"grid", {"S.", ".G"}}}, "UR", Verdict::kWrong},
      {shortest_path(), {{"grid", {"S.", ".G"}}}, "D", Verdict::kWrong},
      {shortest_path(), {{"grid", {"S.", ".G"}}}, "D R", Verdict::kParseError},
  };
  for (const auto& [task, gold, answer, verdict] : cases)
    EXPECT_EQ(judge(task, gold, answer), verdict) << task.name() << ": " << answer;
}

}  // namespace
}  // namespace hone::rewards
