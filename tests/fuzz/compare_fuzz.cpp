// Comparison of outputs: any two texts, split at the first byte 0x1E, in every mode.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "sandboxes/compare.h"

using namespace hone::sandboxes;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = std::min(input.find('\x1E'), input.size());
  const std::string_view a = input.substr(0, split), b = input.substr(std::min(split + 1, input.size()));
  using enum CompareMode;
  for (CompareMode mode : {kTokens, kLines, kExact, kFloats, kSetOfLines}) {
    const CompareOptions options{.mode = mode};
    const Comparison there = compare_outputs(a, b, options), back = compare_outputs(b, a, options);
    HONE_CHECK_EQ(there.equal, back.equal);  // without a tolerance it is symmetric
    HONE_CHECK_EQ(there.equal, there.reason.empty());
    HONE_CHECK(compare_outputs(a, a, options).equal, "a text differs from itself");
    // Whoever is equal by bytes is equal by lines, by lines equal by tokens, by tokens equal with tolerances.
    const bool equal_bytes = compare_outputs(a, b, {.mode = kExact}).equal;
    HONE_CHECK(!equal_bytes || there.equal, "equal bytes differ");
  }
  const bool lines = compare_outputs(a, b, {.mode = kLines}).equal, tokens = compare_outputs(a, b, {}).equal;
  HONE_CHECK(!lines || tokens, "equal lines of other tokens");
  HONE_CHECK(!tokens || compare_outputs(a, b, {.mode = kFloats, .tolerance = {1, 1}}).equal, "equal tokens differ");
  return 0;
}
