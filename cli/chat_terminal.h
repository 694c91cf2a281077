// The terminal of a conversation: lines in, an answer out, Ctrl-C. Without a terminal the same over pipes.
#pragma once

#include <termios.h>

#include <atomic>
#include <string>
#include <string_view>

#include "cli/chat_text.h"

namespace hone::cli {

enum class ChatInput {
  kMessage,
  kEnd,          // of the input: Ctrl-D, or the end of the file
  kInterrupted,  // Ctrl-C
  kTerminated,   // SIGTERM or SIGHUP
  kUnusable,     // what was typed is not what arrived; the reason was said
};

// One at a time; owned by the main thread. On a terminal it catches SIGINT, SIGTERM and SIGHUP, asks for bracketed
// paste and turns the echo of control characters off; all is undone at the end.
class ChatTerminal {
 public:
  ChatTerminal();
  ~ChatTerminal();
  ChatTerminal(const ChatTerminal&) = delete;
  ChatTerminal& operator=(const ChatTerminal&) = delete;

  bool asks() const { return in_terminal_; }  // a person types
  // Standard output is a terminal: text is made harmless, and tags of reasoning are not shown.
  bool shows() const { return out_terminal_; }

  // Waits for a message. A pasted text is one message, however many lines it has; a typed line that ends with a
  // backslash goes on with the next. Without a terminal a message is a line.
  ChatInput read(std::string& message);
  // Set by a signal since clear_interrupt(). What is being written should stop.
  const std::atomic<bool>& interrupted() const;
  void clear_interrupt();
  // The signal that ended the input.
  int termination() const;

  // A remark to standard error.
  void note(const std::string& text);
  void write(std::string_view text);
  void dim(bool on);
  void flush();

 private:
  enum class Line { kLine, kEnd, kSignal };
  Line read_line(std::string& line);
  Line wait_for_input();
  ChatInput on_signal_or_end(Line line) const;
  bool usable(const std::string& message);

  const bool in_terminal_, out_terminal_, coloured_;
  bool dimmed_ = false, ended_ = false;
  std::string buffer_;
  termios settings_{};
};

}  // namespace hone::cli
