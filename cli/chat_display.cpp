#include "cli/chat_display.h"

namespace hone::cli {

ChatDisplay::ChatDisplay(ChatTerminal& terminal, bool opened)
    : terminal_(terminal), splitter_(opened), reasoning_(opened), newlines_(terminal.shows() ? 1 : 0) {
  if (opened && !terminal_.shows()) put(std::string(kOpenThink) + "\n");
}

void ChatDisplay::write(const std::string& piece) {
  if (terminal_.shows()) {
    show(splitter_.read(piece));
  } else {
    put(piece);
  }
  terminal_.flush();
}

void ChatDisplay::finish() {
  if (terminal_.shows()) show(splitter_.finish());
  terminal_.dim(false);
  if (newlines_ == 0) put("\n");
  terminal_.flush();
}

void ChatDisplay::show(const std::vector<AnswerPart>& parts) {
  for (const AnswerPart& part : parts) {
    if (part.reasoning != reasoning_ && began_) {
      terminal_.dim(false);
      while (newlines_ < 2) put("\n");
      began_ = false;
    }
    reasoning_ = part.reasoning;
    const size_t start = began_ ? 0 : part.text.find_first_not_of(" \t\r\n");
    if (start == part.text.npos) continue;
    terminal_.dim(reasoning_);
    put(std::string_view(part.text).substr(start));
    began_ = true;
  }
}

void ChatDisplay::put(std::string_view text) {
  if (text.empty()) return;
  terminal_.write(text);
  const size_t last = text.find_last_not_of('\n');
  const auto at_end = static_cast<int>(last == text.npos ? text.size() : text.size() - 1 - last);
  newlines_ = last == text.npos ? newlines_ + at_end : at_end;
}

}  // namespace hone::cli
