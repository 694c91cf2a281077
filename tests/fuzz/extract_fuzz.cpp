// The search for an answer in a completion, on any bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "rewards/math/extract.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hone::math;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto inside = [&](std::string_view part) {
    return part.empty() || (part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size());
  };
  const Found found = find_answer(text, {});
  for (const auto* list : {&found.candidates, &found.boxes, &found.all_boxes})
    for (std::string_view part : *list) HONE_CHECK(inside(part), "a view of something else");
  for (std::string_view part : find_gold(text)) HONE_CHECK(inside(part), "a view of something else");
  return 0;
}
