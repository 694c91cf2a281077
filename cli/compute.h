// The threads and the stream that a command computes with, and the model it asks.
#pragma once

#include <optional>
#include <string>

#include "base/thread_team.h"
#include "kernels/backend.h"
#include "trainer/model.h"

namespace hone::cli {

// All cores where threads is 0.
int team_size(int64_t threads);

// "f32", "bf16", or "" for what the model names.
std::optional<trainer::Dtype> dtype_named(const std::string& name);

class Compute {
 public:
  explicit Compute(int64_t threads) : team_(team_size(threads)), stream_{&team_} {}

  ThreadTeam& team() { return team_; }
  const kernels::Stream& stream() const { return stream_; }
  // trainer::open_target; says on stderr which damaged checkpoints it passed over, and what is odd about the model.
  // dtype: of add_dtype.
  Result<trainer::OpenedTarget> open(const std::string& target, const std::string& dtype = "") const;

 private:
  ThreadTeam team_;
  kernels::Stream stream_;
};

}  // namespace hone::cli
