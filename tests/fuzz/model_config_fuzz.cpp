// config.json and generation_config.json come with a downloaded model. What is read is written again and read back as
// the same network, and its rotary table holds numbers.
#include <cmath>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "policy/model_config.h"
#include "policy/rope_table.h"

using namespace hone;
using namespace hone::policy;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  ModelConfig generation;
  (void)merge_generation_config(text, "generation_config.json", generation).ok();
  const auto config = parse_config_json(text, "config.json");
  if (!config.ok()) return 0;
  const std::string written = to_config_json(*config);
  const auto again = parse_config_json(written, "written.json");
  HONE_CHECK(again.ok(), again.error().to_string());
  HONE_CHECK_EQ(to_config_json(*again), written);
  const auto frequencies = rope_frequencies(*config);
  HONE_CHECK(frequencies == rope_frequencies(*again), "the same frequencies");
  for (const float frequency : frequencies) HONE_CHECK(frequency >= 0 && frequency <= 1, frequency);
  HONE_CHECK(rope_amplitude(*config) > 0 && std::isfinite(attention_scale(*config)), "scales are numbers");
  return 0;
}
