// What the driver of a function writes is text from a hostile program, and requests are JSON from a file: an expected
// value and an answer, split at the first byte 0x1E, and the whole as a request.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "sandboxes/judge.h"
#include "sandboxes/judge_answer.h"

using namespace hone::sandboxes;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  (void)parse_judge_request(input).ok();
  const size_t split = std::min(input.find('\x1E'), input.size());
  const std::string_view text = input.substr(0, split), answer = input.substr(std::min(split + 1, input.size()));
  const auto expected = parse_json_value(text);
  if (!expected.ok()) return 0;
  const auto value = parse_json_value(answer);
  const bool equal = answer_matches(answer, *expected, {});
  // What matches is JSON, and matches back. An object with a key twice is no JSON here and matches nothing.
  HONE_CHECK(!equal || value.ok(), "no JSON matches");
  if (value.ok()) HONE_CHECK_EQ(equal, answer_matches(text, *value, {}));
  return 0;
}
