#include "trainer/run_config_names.h"

namespace hone::trainer {
namespace {

constexpr const char* kDevices[] = {"cpu", "cuda"};
constexpr const char* kDtypes[] = {"auto", "f32", "bf16"};
constexpr const char* kMlaForms[] = {"expanded", "absorbed"};
constexpr const char* kArchitectures[] = {"auto", "deepseek_v3", "dots1", "qwen3", "qwen3_moe", "llama"};
constexpr const char* kAttentions[] = {"mla", "gqa"};
constexpr const char* kScorings[] = {"sigmoid", "softmax"};
constexpr const char* kStageKinds[] = {"pretrain", "sft", "grpo"};
constexpr const char* kSchedules[] = {"auto", "constant", "cosine"};
constexpr const char* kAdvantageStds[] = {"none", "group", "batch"};
constexpr const char* kAggregations[] = {"token-mean", "seq-mean-token-mean", "seq-mean-token-sum-norm", "prompt-mean"};
constexpr const char* kFilterBys[] = {"none", "reward", "accuracy"};
constexpr const char* kTruncateds[] = {"score", "mask"};
constexpr const char* kMinTiers[] = {"A", "B"};
constexpr const char* kTooLongs[] = {"error", "drop"};

}  // namespace

Names enum_names(Device) { return kDevices; }
Names enum_names(Dtype) { return kDtypes; }
Names enum_names(MlaForm) { return kMlaForms; }
Names enum_names(Architecture) { return kArchitectures; }
Names enum_names(Attention) { return kAttentions; }
Names enum_names(Scoring) { return kScorings; }
Names enum_names(StageKind) { return kStageKinds; }
Names enum_names(Schedule) { return kSchedules; }
Names enum_names(AdvantageStd) { return kAdvantageStds; }
Names enum_names(Aggregation) { return kAggregations; }
Names enum_names(FilterBy) { return kFilterBys; }
Names enum_names(Truncated) { return kTruncateds; }
Names enum_names(MinTier) { return kMinTiers; }
Names enum_names(TooLong) { return kTooLongs; }

}  // namespace hone::trainer
