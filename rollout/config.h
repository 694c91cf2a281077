// How answers are sampled, never what: no field here changes a token.
#pragma once

#include <cstdint>

namespace hone::rollout {

struct EngineConfig {
  int32_t max_sequences = 512;  // sequences in one step, at most Decoder::max_rows()
  int32_t prefill_chunk = 512;  // prompt (and recomputed) positions in one step
};

}  // namespace hone::rollout
