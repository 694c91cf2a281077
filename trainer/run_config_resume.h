// What changed between the configuration of a run and the one it is to be resumed with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/schema.h"
#include "trainer/run_config.h"

namespace hone::trainer {

struct ConfigDifference {
  std::string path;
  std::string old_value, new_value;  // as YAML; empty where there is none
  OnResume change = OnResume::kRefused;
};

// Both loaded. `started_stages`: stages of the old run that have made a step; later ones may change. Steps that were
// made stay what they are: a stage gets longer only if it is the last one started and nothing in it depends on its
// length.
std::vector<ConfigDifference> compare_for_resume(RunConfig before, RunConfig now, size_t started_stages = SIZE_MAX);

}  // namespace hone::trainer
