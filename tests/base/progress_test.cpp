#include "base/progress.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>

namespace hone {
namespace {

TEST(Printable, KeepsTextAndReplacesWhatSteersATerminal) {
  EXPECT_EQ(printable("a é 漢"), "a é 漢");
  EXPECT_EQ(printable("a\033[2J\n\x7F"), "a?[2J??");
  EXPECT_EQ(printable("\xC2\x9B" "2J"), "?2J");
  EXPECT_EQ(printable("\xFF" "a\xC3"), "?a?");
}

TEST(Fit, CountsCodePoints) {
  EXPECT_EQ(fit("éééé", 4), "éééé");
  EXPECT_EQ(fit("ééééé", 4), "é...");
  EXPECT_EQ(fit("abc", 2), "..");
  EXPECT_EQ(fit("abc", 0), "");
}

std::string written(const std::function<void(StatusLine&)>& use) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  {
    StatusLine line(ends[1]);
    use(line);
  }
  close(ends[1]);
  std::string text(4096, '\0');
  text.resize(static_cast<size_t>(read(ends[0], text.data(), text.size())));
  close(ends[0]);
  return text;
}

TEST(StatusLine, ShowsOnlyWholeLinesWhereThereIsNoTerminal) {
  const std::string text = written([](StatusLine& line) {
    EXPECT_FALSE(line.live());
    line.draw("status");
    line.print("first", Tone::kDim);
    line.print("second");
  });
  EXPECT_EQ(text, "first\nsecond\n");
}

TEST(Pace, IsDueAtTheFirstAndLastStepAndTenTimesBetween) {
  Pace pace;
  int64_t lines = 0;
  for (int64_t step = 1; step <= 1000; ++step) {
    const bool due = pace.due(step, 1000, 0);
    EXPECT_TRUE(due || (step != 1 && step != 1000)) << step;
    lines += due;
  }
  EXPECT_EQ(lines, 11);
}

TEST(Pace, IsDueAfterTenSeconds) {
  Pace pace;
  EXPECT_TRUE(pace.due(1, 1000, 5));
  EXPECT_FALSE(pace.due(2, 1000, 14.9));
  EXPECT_TRUE(pace.due(3, 1000, 15));
  EXPECT_FALSE(pace.due(4, 1000, 16));
}

}  // namespace
}  // namespace hone
