// What people see while a program works: a status line that is redrawn in place on a terminal, plain lines elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hone {

// The text with every control character, and every byte that is not UTF-8, replaced by '?': text of a model must not
// steer the terminal.
std::string printable(std::string_view text);

// The text cut to so many code points, with "..." at its end where it was cut.
std::string fit(std::string_view text, size_t columns);

enum class Tone { kPlain, kDim, kBold };

// Lines on a file descriptor that stays open. Errors of writing are ignored: progress has no part in the work. Owned by
// one thread.
class StatusLine {
 public:
  explicit StatusLine(int fd);
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  // A terminal that can move its cursor; elsewhere draw() does nothing.
  bool live() const { return live_; }
  // Columns of the terminal now; of no terminal: 120.
  size_t columns() const;

  // Replaces the status. Control characters must be gone already.
  void draw(const std::string& text);
  // A line of its own above the status. Tones are shown on a terminal, unless NO_COLOR is set (no-color.org).
  void print(const std::string& text, Tone tone = Tone::kPlain);
  // Takes the status away.
  void clear();

 private:
  void write(std::string_view text) const;
  std::string toned(const std::string& text, Tone tone) const;

  const int fd_;
  const bool live_, coloured_;
  std::string shown_;
};

// Picks the steps that are worth a plain line: the first, the last, and between them one every 10 % of the steps or
// every 10 seconds, whichever comes first.
class Pace {
 public:
  // Steps ascend; `seconds` is any clock that ascends with them.
  bool due(int64_t step, int64_t steps, double seconds);

 private:
  struct Mark {
    int64_t step = 0;
    double seconds = 0;
  };
  std::optional<Mark> last_;
};

}  // namespace hone
