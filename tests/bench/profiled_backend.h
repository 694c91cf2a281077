// A backend whose operators are those of another one with a clock around each.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>

#include "kernels/backend.h"

namespace hone::bench {

enum class OperatorKind { kGemm, kAttention, kSoftmax, kOther };

// Seconds and calls since the start of the process; only operators that do work on tensors are listed.
struct OperatorTime {
  const char* name = "";
  OperatorKind kind = OperatorKind::kOther;
  int64_t calls = 0;
  double seconds = 0;
};

// The profiled copy of `backend`. There is one per process: it lives in static memory, `backend` must outlive it.
const kernels::Backend& profiled_backend(const kernels::Backend& backend);

std::span<const OperatorTime> operator_times();

using Clock = std::chrono::steady_clock;

// Told of every operator call, after it, by the thread that called.
using OperatorListener = std::function<void(const char* name, Clock::time_point begin, Clock::time_point end)>;
void listen_to_operators(OperatorListener listener);

}  // namespace hone::bench
