#include "cli/chat_terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include "cli/exit.h"

namespace hone::cli {
namespace {

constexpr std::string_view kBeginPaste = "\033[200~", kEndPaste = "\033[201~";
constexpr std::string_view kAskForPaste = "\033[?2004h", kNoPaste = "\033[?2004l";
constexpr std::string_view kDim = "\033[2m", kPlain = "\033[0m";
// A terminal drops what a line has beyond this many bytes (N_TTY_BUF_SIZE).
constexpr size_t kLongestTypedLine = 4094;

std::atomic<bool> interrupt{false};
std::atomic<int> terminating_signal{0};
int signal_pipe[2] = {-1, -1};  // wakes poll: a signal between a test and a read would be missed

void on_signal(int number) {
  const int saved = errno;
  if (number != SIGINT) terminating_signal = number;
  interrupt = true;
  const char byte = 0;
  [[maybe_unused]] const ssize_t written = write(signal_pipe[1], &byte, 1);
  errno = saved;
}

void catch_signals(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
}

bool is_terminal(int fd) { return isatty(fd) == 1; }

bool understands_escapes() {
  const char* terminal = std::getenv("TERM");
  return terminal != nullptr && std::string_view(terminal) != "dumb";
}

bool wants_colour() {
  const char* refused = std::getenv("NO_COLOR");
  return refused == nullptr || *refused == '\0';
}

void erase_all(std::string& text, std::string_view part) {
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at)) text.erase(at, part.size());
}

}  // namespace

ChatTerminal::ChatTerminal()
    : in_terminal_(is_terminal(STDIN_FILENO)),
      out_terminal_(is_terminal(STDOUT_FILENO)),
      coloured_(out_terminal_ && understands_escapes() && wants_colour()) {
  if (!in_terminal_) return;
  HONE_CHECK(pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) == 0, "no pipe for signals");
  catch_signals(on_signal);
  tcgetattr(STDIN_FILENO, &settings_);
  termios quiet = settings_;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHOCTL);  // else the marks around a pasted text are shown
  tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
  if (understands_escapes()) std::cerr << kAskForPaste << std::flush;
}

ChatTerminal::~ChatTerminal() {
  dim(false);
  flush();
  if (!in_terminal_) return;
  if (understands_escapes()) std::cerr << kNoPaste << std::flush;
  tcsetattr(STDIN_FILENO, TCSANOW, &settings_);
  catch_signals(SIG_DFL);
  for (int& end : signal_pipe) close(std::exchange(end, -1));
}

const std::atomic<bool>& ChatTerminal::interrupted() const { return interrupt; }

void ChatTerminal::clear_interrupt() {
  if (terminating_signal != 0) return;
  interrupt = false;
  for (char bytes[64]; signal_pipe[0] >= 0 && ::read(signal_pipe[0], bytes, sizeof bytes) > 0;) {}
}

int ChatTerminal::termination() const { return terminating_signal; }

ChatTerminal::Line ChatTerminal::wait_for_input() {
  pollfd waits[2] = {{STDIN_FILENO, POLLIN, 0}, {signal_pipe[0], POLLIN, 0}};
  while (poll(waits, 2, -1) < 0) {}  // EINTR: the pipe has the signal
  return waits[1].revents != 0 ? Line::kSignal : Line::kLine;
}

// A line without its end. What comes before the end of the input is a line too.
ChatTerminal::Line ChatTerminal::read_line(std::string& line) {
  for (size_t searched = 0;;) {
    const size_t end = buffer_.find('\n', searched);
    if (end != buffer_.npos || (ended_ && !buffer_.empty())) {
      line = buffer_.substr(0, end);
      buffer_.erase(0, end == buffer_.npos ? end : end + 1);
      return Line::kLine;
    }
    if (ended_) return Line::kEnd;
    searched = buffer_.size();
    if (in_terminal_ && wait_for_input() == Line::kSignal) {
      buffer_.clear();
      return Line::kSignal;
    }
    char bytes[65536];
    const ssize_t count = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (count > 0) buffer_.append(bytes, static_cast<size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR)) ended_ = true;
  }
}

ChatInput ChatTerminal::on_signal_or_end(Line line) const {
  if (line == Line::kEnd) return ChatInput::kEnd;
  return terminating_signal != 0 ? ChatInput::kTerminated : ChatInput::kInterrupted;
}

ChatInput ChatTerminal::read(std::string& message) {
  message.clear();
  for (bool pasting = false, cut = false;;) {
    if (in_terminal_ && !pasting) std::cerr << (message.empty() ? "> " : ". ") << std::flush;
    std::string line;
    const Line kind = read_line(line);
    if (kind != Line::kLine) return on_signal_or_end(kind);
    if (!in_terminal_) return message = std::move(line), ChatInput::kMessage;
    cut = cut || line.size() > kLongestTypedLine;
    message += line;
    const size_t begin = message.rfind(kBeginPaste), end = message.rfind(kEndPaste);
    pasting = begin != message.npos && (end == message.npos || end < begin);
    const bool goes_on = pasting || message.ends_with('\\');
    if (goes_on) {
      if (!pasting) message.pop_back();
      message += '\n';
      continue;
    }
    erase_all(message, kBeginPaste);
    erase_all(message, kEndPaste);
    if (!cut) return usable(message) ? ChatInput::kMessage : ChatInput::kUnusable;
    note(str("not sent: a terminal passes on ", kLongestTypedLine, " bytes of a line at most; a pipe has no limit"));
    return ChatInput::kUnusable;
  }
}

bool ChatTerminal::usable(const std::string& message) {
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= 0x20 && byte != 0x7F) || c == '\n' || c == '\t') continue;
    note("not sent: the line holds control characters (of an arrow key?); there is no editing but backspace");
    return false;
  }
  return true;
}

void ChatTerminal::note(const std::string& text) {
  dim(false);
  flush();
  say(for_terminal(text));
}

void ChatTerminal::write(std::string_view text) {
  if (out_terminal_) {
    std::cout << for_terminal(text);
  } else {
    std::cout << text;
  }
}

void ChatTerminal::dim(bool on) {
  if (!coloured_ || on == dimmed_) return;
  std::cout << (on ? kDim : kPlain);
  dimmed_ = on;
}

void ChatTerminal::flush() { std::cout.flush(); }

}  // namespace hone::cli
