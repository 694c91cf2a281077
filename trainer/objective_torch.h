// What libhone_torch.so, the only part of hone that is linked with LibTorch, gives to the rest. It is loaded when a
// stage first needs it: LibTorch takes 0.2 s to start, and most commands never do.
#pragma once

#include "trainer/objective.h"

namespace hone::trainer {

struct ObjectiveTable {
  Result<ObjectiveOutput> (*grpo_objective)(const rl::ObjectiveConfig&, const ObjectiveInput&,
                                            std::span<float> dlogprob, std::span<float> dentropy);
};

}  // namespace hone::trainer

// One thread for LibTorch: hone's own team does the work.
extern "C" __attribute__((visibility("default"))) const hone::trainer::ObjectiveTable* hone_torch_objective();
