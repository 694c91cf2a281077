#include "cli/compute.h"

#include <algorithm>
#include <thread>

#include "cli/exit.h"

namespace hone::cli {

int team_size(int64_t threads) {
  if (threads > 0) return static_cast<int>(threads);
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

Result<trainer::OpenedTarget> Compute::open(const std::string& target) const {
  HONE_TRY_ASSIGN(trainer::OpenedTarget opened, trainer::open_target(target, stream_));
  for (const std::string& skipped : opened.skipped) say("damaged, an older checkpoint is used: " + skipped);
  return opened;
}

}  // namespace hone::cli
