// An answer as it is shown while it is written.
#pragma once

#include <string>

#include "cli/chat_terminal.h"
#include "cli/chat_text.h"

namespace hone::cli {

// On a terminal reasoning is dimmed, the answer plain, a blank line between them, and tags are not shown. Elsewhere the
// text is what the policy wrote, after the <think> that the prompt ended with.
class ChatDisplay {
 public:
  ChatDisplay(ChatTerminal& terminal, bool opened);

  void write(const std::string& piece);
  // Ends the last line; elsewhere than on a terminal an empty answer is an empty line.
  void finish();

 private:
  void show(const std::vector<AnswerPart>& parts);
  void put(std::string_view text);

  ChatTerminal& terminal_;
  ReasoningSplitter splitter_;
  bool began_ = false;      // something was put of the part in progress
  bool reasoning_ = false;  // of the part in progress
  int newlines_;            // at the end of what was put
};

}  // namespace hone::cli
