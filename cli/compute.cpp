#include "cli/compute.h"

#include <algorithm>
#include <thread>

#include "cli/exit.h"

namespace hone::cli {

int team_size(int64_t threads) {
  if (threads > 0) return static_cast<int>(threads);
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

std::optional<trainer::Dtype> dtype_named(const std::string& name) {
  if (name.empty()) return std::nullopt;
  return name == "bf16" ? trainer::Dtype::kBf16 : trainer::Dtype::kF32;
}

Result<trainer::OpenedTarget> Compute::open(const std::string& target, const std::string& dtype) const {
  HONE_TRY_ASSIGN(trainer::OpenedTarget opened, trainer::open_target(target, stream_, dtype_named(dtype)));
  for (const std::string& skipped : opened.skipped) say("damaged, an older checkpoint is used: " + skipped);
  for (const std::string& note : opened.model.notes) say(opened.path + ": " + note);
  return opened;
}

}  // namespace hone::cli
