#include "tests/bench/profiled_backend.h"

#include <array>

namespace hone::bench {
namespace {

using kernels::Backend;
using kernels::Stream;

enum Operator {
  kGemm, kGemmGradWeight, kPackPanels, kEmbed, kEmbedBackward, kCopy, kClamp,
  kClampBackward, kSumRows, kZero, kSwiglu, kSwigluBackward, kRmsNorm,
  kRmsNormBackward, kRope, kKvAppend, kKvGather, kKvCopy, kAttention, kAttentionBackward, kRoute, kRouteBackward,
  kMoeGather, kMoeCombine, kMoeCombineBackward, kMoeScatter, kTokenLogprob, kTokenLogprobBackward, kDraw, kSumOfSquares,
  kAdamW, kNumOperators
};

std::array<OperatorTime, kNumOperators> times;
Backend original, profiled;
OperatorListener listener;

class Timer {
 public:
  explicit Timer(Operator op) : op_(op), begin_(Clock::now()) {}
  ~Timer() {
    const auto end = Clock::now();
    times[op_].calls += 1;
    times[op_].seconds += std::chrono::duration<double>(end - begin_).count();
    if (listener) listener(times[op_].name, begin_, end);
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  const Operator op_;
  const Clock::time_point begin_;
};

template <auto Slot>
struct Wrap;
template <class R, class Args, R (*Backend::*Slot)(const Args&, const Stream&)>
struct Wrap<Slot> {
  template <Operator op>
  static R call(const Args& args, const Stream& stream) {
    const Timer timer(op);
    return (original.*Slot)(args, stream);
  }
};

template <auto Slot, Operator op>
void wrap(const char* name, OperatorKind kind = OperatorKind::kOther) {
  times[op] = {name, kind, 0, 0};
  profiled.*Slot = Wrap<Slot>::template call<op>;
}

void wrap_products() {
  wrap<&Backend::gemm, kGemm>("gemm", OperatorKind::kGemm);
  wrap<&Backend::gemm_grad_weight, kGemmGradWeight>("gemm_grad_weight", OperatorKind::kGemm);
  wrap<&Backend::attention, kAttention>("attention", OperatorKind::kAttention);
  wrap<&Backend::attention_backward, kAttentionBackward>("attention_backward", OperatorKind::kAttention);
  wrap<&Backend::token_logprob, kTokenLogprob>("token_logprob", OperatorKind::kSoftmax);
  wrap<&Backend::token_logprob_backward, kTokenLogprobBackward>("token_logprob_backward", OperatorKind::kSoftmax);
  wrap<&Backend::draw, kDraw>("draw", OperatorKind::kSoftmax);
}

void wrap_others() {
  wrap<&Backend::pack_panels, kPackPanels>("pack_panels");
  wrap<&Backend::embed, kEmbed>("embed");
  wrap<&Backend::embed_backward, kEmbedBackward>("embed_backward");
  wrap<&Backend::copy, kCopy>("copy");
  wrap<&Backend::clamp, kClamp>("clamp");
  wrap<&Backend::clamp_backward, kClampBackward>("clamp_backward");
  wrap<&Backend::sum_rows, kSumRows>("sum_rows");
  wrap<&Backend::zero, kZero>("zero");
  wrap<&Backend::swiglu, kSwiglu>("swiglu");
  wrap<&Backend::swiglu_backward, kSwigluBackward>("swiglu_backward");
  wrap<&Backend::rms_norm, kRmsNorm>("rms_norm");
  wrap<&Backend::rms_norm_backward, kRmsNormBackward>("rms_norm_backward");
  wrap<&Backend::rope, kRope>("rope");
  wrap<&Backend::kv_append, kKvAppend>("kv_append");
  wrap<&Backend::kv_gather, kKvGather>("kv_gather");
  wrap<&Backend::kv_copy, kKvCopy>("kv_copy");
  wrap<&Backend::route, kRoute>("route");
  wrap<&Backend::route_backward, kRouteBackward>("route_backward");
  wrap<&Backend::moe_gather, kMoeGather>("moe_gather");
  wrap<&Backend::moe_combine, kMoeCombine>("moe_combine");
  wrap<&Backend::moe_combine_backward, kMoeCombineBackward>("moe_combine_backward");
  wrap<&Backend::moe_scatter, kMoeScatter>("moe_scatter");
  wrap<&Backend::sum_of_squares, kSumOfSquares>("sum_of_squares");
  wrap<&Backend::adamw, kAdamW>("adamw");
}

}  // namespace

const kernels::Backend& profiled_backend(const kernels::Backend& backend) {
  original = profiled = backend;
  wrap_products();
  wrap_others();
  return profiled;
}

std::span<const OperatorTime> operator_times() { return times; }

void listen_to_operators(OperatorListener told) { listener = std::move(told); }

}  // namespace hone::bench
