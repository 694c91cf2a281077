#include "base/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.h"
#include "base/utf8.h"

namespace hone {
namespace {

constexpr size_t kColumnsElsewhere = 120;
constexpr std::string_view kEraseLine = "\r\033[K";

bool can_redraw(int fd) {
  const char* terminal = std::getenv("TERM");
  return isatty(fd) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

bool wants_colour() {
  const char* refused = std::getenv("NO_COLOR");
  return refused == nullptr || *refused == '\0';
}

// C0, DEL and C1 (U+0080 to U+009F).
bool is_control(std::string_view code_point) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(code_point[i]); };
  if (code_point.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7F;
  return code_point.size() == 2 && byte(0) == 0xC2 && byte(1) < 0xA0;
}

// Bytes of the first `count` code points.
size_t prefix_bytes(std::string_view text, size_t count) {
  size_t at = 0;
  for (; count > 0 && at < text.size(); --count) at += std::max<size_t>(1, utf8_length(text.substr(at)));
  return at;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const std::string_view code_point = text.substr(0, std::max<size_t>(1, length));
    if (length == 0 || is_control(code_point)) {
      out += '?';
    } else {
      out += code_point;
    }
    text.remove_prefix(code_point.size());
  }
  return out;
}

std::string fit(std::string_view text, size_t columns) {
  constexpr std::string_view kCut = "...";
  if (prefix_bytes(text, columns) == text.size()) return std::string(text);
  if (columns <= kCut.size()) return std::string(kCut.substr(0, columns));
  return std::string(text.substr(0, prefix_bytes(text, columns - kCut.size()))).append(kCut);
}

StatusLine::StatusLine(int fd) : fd_(fd), live_(can_redraw(fd)), coloured_(live_ && wants_colour()) {}

size_t StatusLine::columns() const {
  winsize size{};
  if (!live_ || ioctl(fd_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kColumnsElsewhere;
  return size.ws_col;
}

// One column stays free: terminals wrap when the last one is written.
void StatusLine::draw(const std::string& text) {
  if (!live_) return;
  shown_ = text;
  write(std::string(kEraseLine).append(fit(text, columns() - 1)));
}

void StatusLine::print(const std::string& text, Tone tone) {
  const std::string status = shown_;
  clear();
  write(toned(text, tone) + "\n");
  if (!status.empty()) draw(status);
}

void StatusLine::clear() {
  if (shown_.empty()) return;
  write(kEraseLine);
  shown_.clear();
}

std::string StatusLine::toned(const std::string& text, Tone tone) const {
  if (!coloured_ || tone == Tone::kPlain) return text;
  return (tone == Tone::kDim ? "\033[2m" : "\033[1m") + text + "\033[0m";
}

void StatusLine::write(std::string_view text) const { (void)write_all(fd_, as_bytes(text), "progress"); }

bool Pace::due(int64_t step, int64_t steps, double seconds) {
  constexpr double kSeconds = 10;
  constexpr int64_t kLines = 10;
  const bool is_due = !last_ || step >= steps || (step - last_->step) * kLines >= steps ||
                      seconds - last_->seconds >= kSeconds;
  if (is_due) last_ = {step, seconds};
  return is_due;
}

}  // namespace hone
