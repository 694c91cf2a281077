// The threads and the stream that a command computes with.
#pragma once

#include "base/thread_team.h"
#include "kernels/backend.h"

namespace hone::cli {

// All cores where threads is 0.
int team_size(int64_t threads);

class Compute {
 public:
  explicit Compute(int64_t threads) : team_(team_size(threads)), stream_{&team_} {}

  ThreadTeam& team() { return team_; }
  const kernels::Stream& stream() const { return stream_; }

 private:
  ThreadTeam team_;
  kernels::Stream stream_;
};

}  // namespace hone::cli
