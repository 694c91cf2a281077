#include "cli/compute.h"

#include <algorithm>
#include <thread>

namespace hone::cli {

int team_size(int64_t threads) {
  if (threads > 0) return static_cast<int>(threads);
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace hone::cli
