// The maths checker on any bytes: gold and answer, separated by a zero byte.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "rewards/math/grade.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hone::math;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = std::min(input.find('\0'), input.size());
  const std::string gold(input.substr(0, split));
  const std::string_view answer = input.substr(std::min(split + 1, input.size()));
  const Grade first = grade({gold}, answer, true, {});
  HONE_CHECK(grade({gold}, answer, true, {}).outcome == first.outcome, "two verdicts for one pair");
  const bool readable = check_gold(gold, {}).ok();
  HONE_CHECK(readable || first.outcome != Outcome::kCorrect, "right against a gold that cannot be read");
  return 0;
}
