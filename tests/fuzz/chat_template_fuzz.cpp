// Any bytes as a chat template: an error or a text, in bounded time and memory.
#include <cstdlib>

#include "policy/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto messages = nlohmann::ordered_json::parse(
      R"([{"role": "user", "content": "a\nb", "n": [1, 2.5, null]},
          {"role": "assistant", "content": "ü", "d": {"k": {}}}])");
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const auto made = hone::policy::ChatTemplate::from_text(source, {{"bos_token", "<s>"}});
  if (!made) return 0;
  const auto text = (*made)->render(messages);
  if (text && text->size() > (16u << 20)) std::abort();
  return 0;
}
