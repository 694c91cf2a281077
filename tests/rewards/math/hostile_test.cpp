// Answers made to take long, much memory or the checker down.
#include <sys/resource.h>
#include <time.h>

#include <thread>

#include "tests/rewards/math/pairs.h"

namespace hone::math {
namespace {

std::string repeated(std::string_view part, size_t times) {
  std::string text;
  text.reserve(part.size() * times);
  for (size_t i = 0; i < times; ++i) text += part;
  return text;
}

std::string nested(std::string_view open, std::string_view inside, std::string_view close, size_t depth) {
  return repeated(open, depth) + std::string(inside) + repeated(close, depth);
}

// Long answers that can be read.
void append_long(std::vector<std::string>& list) {
  list.push_back("\\boxed{" + repeated("\\sin ", 500) + "x}");
  list.push_back("\\boxed{" + repeated("\\sin(", 60) + "x" + repeated(")", 60) + "}");
  list.push_back("\\boxed{" + repeated("(x+1)", 400) + "}");
  list.push_back("\\boxed{" + repeated("x_1+", 900) + "1}");
  list.push_back("\\boxed{" + repeated("1,", 1000) + "1}");
  list.push_back("\\boxed{" + repeated("(-1,1)\\cup", 300) + "(0,1)}");
  list.push_back("\\boxed{" + repeated("\\pm", 900) + "1}");
  list.push_back("\\boxed{" + repeated("1\\pm", 200) + "1}");
  list.push_back("\\boxed{" + std::string(4000, '9') + "}");
  list.push_back("\\boxed{" + repeated("123456789", 27) + "^{" + repeated("9", 200) + "}}");
}

std::vector<std::string> hostile_answers() {
  std::vector<std::string> list;
  for (const char* part : {"a",
                           "1",
                           " ",
                           "\n",
                           "(",
                           ")",
                           "{",
                           "}",
                           "[",
                           "\\",
                           "$",
                           "^",
                           "_",
                           "-",
                           "+",
                           "!",
                           "|",
                           "\\frac",
                           "\\boxed",
                           "\\boxed{",
                           "\\left(",
                           "\\begin{pmatrix}",
                           "<answer>",
                           "answer",
                           "answer is ",
                           "</think>",
                           "\\text{",
                           "\xff",
                           "\xe2\x88\x9a",
                           "½",
                           "1,",
                           "1/",
                           "x="})
    list.push_back(repeated(part, (1u << 20) / std::string_view(part).size()));
  list.push_back(std::string(1u << 20, '\0'));
  list.push_back(nested("{", "1", "}", 1000000));
  list.push_back("\\boxed{" + nested("(", "1", ")", 60) + "}");
  list.push_back("\\boxed{" + nested("\\sqrt{", "2", "}", 60) + "}");
  list.push_back("\\boxed{" + nested("\\frac{1}{1+", "x", "}", 60) + "}");
  list.push_back("\\boxed{" + nested("|", "x", "|", 60) + "}");
  list.push_back(repeated("\\boxed{1} ", 100000));
  list.push_back(nested("\\boxed{", "1", "}", 100000));
  for (const char* text : {"9^{9^{9^{9^9}}}",
                           "2^{10^{9}}",
                           "10^{10^{10}}",
                           "(10^8)!",
                           "((9!)!)!",
                           "1000!!!",
                           "9^{99999}",
                           "\\binom{10^9}{5\\cdot10^8}",
                           "1e99999",
                           "1e99999-1e99998",
                           "10^{-99999}",
                           "\\sum_{k=1}^{10^{12}} k",
                           "\\prod_{k=1}^{10^9} k",
                           "\\sum_{a=1}^{999}\\sum_{b=1}^{999}\\sum_{c=1}^{999}abc",
                           "\\sum_{k=1}^{3000}\\sin k",
                           "\\sin(10^{30})",
                           "e^{e^{e^{e^{e}}}}",
                           "x^{x^{x^{x^{x}}}}",
                           "(x+1)^{9999}",
                           "(x+y+z)^{500}-1",
                           "\\gamma(10^9)",
                           "\\gcd(2^{9999}-1,3^{9999}-1)",
                           "\\sqrt[64]{2^{8000}}",
                           "2^{\\frac{1}{10^9}}",
                           "i^{10^{100}}",
                           "\\lfloor 10^{4000}\\pi\\rfloor",
                           "0^{0^{0}}",
                           "1/0"})
    list.push_back(std::string("\\boxed{").append(text).append("}"));
  append_long(list);
  return list;
}

double thread_milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

// Time of the processor, which a machine under load does not lengthen; the best of three.
double best_milliseconds(const std::string& gold, const std::string& answer) {
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    const double start = thread_milliseconds();
    grade({gold}, answer, false, {});
    best = std::min(best, thread_milliseconds() - start);
  }
  return best;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double kBound = 2000;
#else
constexpr double kBound = 50;
#endif

TEST(Hostile, EveryAnswerEndsInTime) {
  for (const std::string& answer : hostile_answers())
    for (const char* gold : {"42", "x^2+1", "\\{1,2\\}"})
      EXPECT_LT(best_milliseconds(gold, answer), kBound)
          << gold << " against " << answer.substr(0, 60) << " of " << answer.size() << " bytes";
}

TEST(Hostile, NoneIsRight) {
  for (const std::string& answer : hostile_answers())
    EXPECT_NE(grade({"42"}, answer, false, {}).outcome, Outcome::kCorrect) << answer.substr(0, 60);
}

TEST(Hostile, TheSameTextIsNoLongJob) {
  for (const std::string& answer : hostile_answers()) {
    if (answer.size() >= 5000) continue;
    EXPECT_LT(best_milliseconds(answer, answer), kBound) << answer.substr(0, 60);
  }
}

TEST(Hostile, MemoryStaysBounded) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const std::vector<std::string> answers = hostile_answers();
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  for (const std::string& answer : answers) grade({"x^2+1"}, answer, false, {});
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 64 * 1024);
#endif
}

TEST(Hostile, SixteenThreadsAgree) {
  const std::vector<Pair> pairs = {{"2\\sqrt3", "\\sqrt{12}"},
                                   {"(x+1)^2", "x^2+2x+1"},
                                   {"42", "41"},
                                   {"[0,1)", "[0,1]"},
                                   {"\\sin 2x", "2\\sin x\\cos x"}};
  std::vector<std::thread> threads;
  std::array<int, 16> right{};
  for (size_t t = 0; t < right.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i)
        for (const Pair& pair : pairs) right[t] += is_correct(pair.gold, pair.answer);
    });
  for (std::thread& thread : threads) thread.join();
  for (int count : right) EXPECT_EQ(count, 20 * 3);
}

}  // namespace
}  // namespace hone::math
