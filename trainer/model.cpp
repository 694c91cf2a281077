#include "trainer/model.h"

#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file.h"
#include "base/philox.h"
#include "policy/char_tokenizer.h"
#include "trainer/run_config_load.h"

namespace hone::trainer {
namespace {

constexpr uint64_t kInitStream = 0;  // weights are made before any stage

const char* architecture_name(Architecture a) {
  switch (a) {
    case Architecture::kDeepseekV3: return "deepseek_v3";
    case Architecture::kDots1: return "dots1";
    case Architecture::kQwen3: return "qwen3";
    case Architecture::kQwen3Moe: return "qwen3_moe";
    case Architecture::kLlama: return "llama";
    case Architecture::kAuto: break;
  }
  HONE_CHECK(false, "the architecture is derived on loading");
  return "";
}

policy::MlaForm form_of(MlaForm form) {
  return form == MlaForm::kAbsorbed ? policy::MlaForm::kAbsorbed : policy::MlaForm::kExpanded;
}

void set_experts(const PolicySection& p, policy::ModelConfig& c) {
  if (p.experts == 0) return;
  c.experts = p.experts;
  c.moe_intermediate_size = p.moe_intermediate_size;
  c.correction_bias = p.architecture == Architecture::kDeepseekV3 || p.architecture == Architecture::kDots1;
  c.shared_experts = p.shared_experts;
  c.dense_layers = p.dense_layers;
  c.router = {p.experts,
              p.experts_per_token,
              p.expert_groups,
              p.expert_group_limit,
              p.scoring == Scoring::kSigmoid ? kernels::RouterScore::kSigmoid : kernels::RouterScore::kSoftmax,
              p.norm_topk_prob,
              p.routed_scaling};
}

Result<std::shared_ptr<const policy::Tokenizer>> make_tokenizer(const TokenizerSection& section) {
  auto made = policy::CharTokenizer::make({section.words, section.characters});
  if (!made.ok()) {
    Error error = made.error();
    error.field = error.field.empty() ? "tokenizer" : "tokenizer." + error.field;
    return error;
  }
  return std::shared_ptr<const policy::Tokenizer>(std::move(*made));
}

std::vector<int64_t> shape_of(const policy::Parameter& p) {
  return p.cols == 0 ? std::vector<int64_t>{p.rows} : std::vector<int64_t>{p.rows, p.cols};
}

std::string text_of(const std::vector<int64_t>& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

}  // namespace

policy::ModelConfig model_shape(const PolicySection& p, const policy::Tokenizer& tokenizer) {
  policy::ModelConfig c;
  c.architecture = architecture_name(p.architecture);
  c.vocab_size = tokenizer.vocab_size();
  c.hidden_size = p.hidden_size;
  c.layers = p.layers;
  c.intermediate_size = p.intermediate_size;
  c.max_positions = p.max_positions;
  c.norm_epsilon = p.norm_eps;
  c.tie_embeddings = p.tie_embeddings;
  c.init_std = p.init_std;
  c.bos_id = tokenizer.bos();
  c.eos_ids = {tokenizer.eos()};
  c.pad_id = tokenizer.pad();
  c.heads = p.heads;
  c.kv_heads = p.kv_heads;
  c.rope_theta = p.rope_theta;
  if (p.attention == Attention::kMla) {
    c.attention = policy::Attention::kMla;
    c.mla = form_of(p.mla);
    c.q_lora_rank = p.q_lora_rank;
    c.kv_lora_rank = p.kv_lora_rank;
    c.qk_nope_head_dim = p.qk_nope_head_dim;
    c.qk_rope_head_dim = p.qk_rope_head_dim;
    c.v_head_dim = p.v_head_dim;
    c.rope_layout = kernels::RopeLayout::kInterleaved;
  } else {
    c.head_dim = p.head_dim;
    c.qk_norm = p.architecture != Architecture::kLlama ? policy::QkNorm::kPerHead : policy::QkNorm::kNone;
  }
  set_experts(p, c);
  return c;
}

Result<Model> make_model(const RunConfig& config, const kernels::Stream& stream) {
  if (!config.policy.path.empty()) return load_model(config.policy.path, form_of(config.policy.mla), true, stream);
  Model model;
  HONE_TRY_ASSIGN(model.tokenizer, make_tokenizer(config.tokenizer));
  model.weights = std::make_unique<policy::Weights>(model_shape(config.policy, *model.tokenizer),
                                                    kernels::cpu_backend(kernels::DType::kF32), true);
  model.weights->initialize(mix64(config.run.seed, kInitStream, Purpose::kInit));
  model.weights->repack(stream);
  return model;
}

Result<void> read_weights(const policy::SafetensorsFile& file, const std::string& path, policy::Weights& weights) {
  std::string problems;
  std::set<std::string> known;
  for (const policy::Parameter& p : weights.layout().parameters) {
    known.insert(p.name);
    const policy::TensorView* tensor = file.find(p.name);
    if (!tensor) {
      problems += "\n  missing: " + p.name;
    } else if (tensor->shape != shape_of(p) || tensor->dtype != policy::DType::kF32) {
      problems += "\n  " + p.name + " is " + std::string(to_string(tensor->dtype)) + " " + text_of(tensor->shape) +
                  ", must be F32 " + text_of(shape_of(p));
    } else {
      std::memcpy(weights.at(p.offset), tensor->data, static_cast<size_t>(p.size()) * sizeof(float));
    }
  }
  for (const policy::TensorView& tensor : file.tensors())
    if (!known.contains(tensor.name)) problems += "\n  extra: " + tensor.name;
  if (!problems.empty()) return Error{ErrorCode::kInvalid, "its tensors do not fit the model:" + problems, path};
  return {};
}

Result<Model> load_model(const std::string& directory, policy::MlaForm form, bool trainable,
                         const kernels::Stream& stream) {
  const std::string config_path = join_path(directory, "config.json"),
                    weights_path = join_path(directory, "model.safetensors");
  HONE_TRY_ASSIGN(const std::string text, read_file(config_path, 1 << 20));
  HONE_TRY_ASSIGN(policy::ModelConfig config, policy::parse_config_json(text, config_path));
  config.mla = form;
  HONE_TRY_ASSIGN(const policy::SafetensorsFile file, policy::SafetensorsFile::open(weights_path));
  Model model;
  model.weights = std::make_unique<policy::Weights>(config, kernels::cpu_backend(kernels::DType::kF32), trainable);
  HONE_TRY(read_weights(file, weights_path, *model.weights));
  model.weights->repack(stream);
  const std::string tokenizer_path = join_path(directory, "tokenizer.json");
  if (!path_exists(tokenizer_path)) return model;
  HONE_TRY_ASSIGN(model.tokenizer, policy::load_tokenizer(tokenizer_path));
  if (model.tokenizer->vocab_size() > config.vocab_size)
    return Error{ErrorCode::kInvalid,
                 str("has ", model.tokenizer->vocab_size(), " tokens, the model ", config.vocab_size), tokenizer_path};
  return model;
}

std::vector<policy::TensorView> parameter_views(const policy::Weights& weights, const void* base,
                                                const std::string& prefix) {
  std::vector<policy::TensorView> out;
  for (const policy::Parameter& p : weights.layout().parameters)
    out.push_back({prefix + p.name, policy::DType::kF32, shape_of(p), static_cast<const float*>(base) + p.offset});
  return out;
}

std::vector<std::pair<std::string, std::string>> model_files(const Model& model) {
  const policy::ModelConfig& c = model.weights->config();
  nlohmann::json generation = {{"eos_token_id", c.eos_ids}, {"do_sample", true}};
  if (c.bos_id >= 0) generation["bos_token_id"] = c.bos_id;
  if (c.pad_id >= 0) generation["pad_token_id"] = c.pad_id;
  std::vector<std::pair<std::string, std::string>> out{{"config.json", policy::to_config_json(c)},
                                                       {"generation_config.json", generation.dump(2) + "\n"}};
  if (model.tokenizer)
    for (policy::TokenizerFile& file : model.tokenizer->files())
      out.emplace_back(std::move(file.name), std::move(file.text));
  return out;
}

namespace {

// The run's configuration and the stage of a checkpoint inside it, when there is one around it.
Result<void> add_run(const CheckpointInfo& info, OpenedTarget& target) {
  const std::string config_path = join_path(info.path, "../../config.yaml");
  if (!path_exists(config_path)) return {};
  auto loaded = load_run_config(config_path);
  if (auto* errors = std::get_if<ConfigErrors>(&loaded)) return errors->errors.front();
  target.config = std::get<ResolvedConfig>(std::move(loaded)).config;
  for (const StageConfig& stage : target.config->stages)
    if (stage.name == info.stage) target.stage = stage;
  return {};
}

Result<OpenedTarget> open_checkpoint(const LoadedCheckpoint& checkpoint, const kernels::Stream& stream) {
  OpenedTarget out;
  out.path = checkpoint.info.path;
  HONE_TRY(add_run(checkpoint.info, out));
  const policy::MlaForm form = out.config ? form_of(out.config->policy.mla) : policy::MlaForm::kExpanded;
  HONE_TRY_ASSIGN(out.model, load_model(out.path, form, false, stream));
  return out;
}

}  // namespace

Result<OpenedTarget> open_target(const std::string& target, const kernels::Stream& stream) {
  if (path_exists(join_path(target, "checkpoints"))) {
    std::vector<std::string> skipped;
    const auto note = [&](const CheckpointStatus& status) { skipped.push_back(status.path + ": " + status.problem); };
    HONE_TRY_ASSIGN(const LoadedCheckpoint checkpoint, latest_good(target, note));
    HONE_TRY_ASSIGN(OpenedTarget opened, open_checkpoint(checkpoint, stream));
    opened.skipped = std::move(skipped);
    return opened;
  }
  if (path_exists(join_path(target, "manifest.json"))) {
    HONE_TRY_ASSIGN(const LoadedCheckpoint checkpoint, load_checkpoint(target));
    return open_checkpoint(checkpoint, stream);
  }
  if (!path_exists(join_path(target, "config.json")))
    return Error{ErrorCode::kNotFound,
                 "is no run directory, checkpoint or model directory (it has none of checkpoints/, "
                 "manifest.json, config.json)",
                 target};
  OpenedTarget out;
  out.path = target;
  HONE_TRY_ASSIGN(out.model, load_model(target, policy::MlaForm::kExpanded, false, stream));
  return out;
}

}  // namespace hone::trainer
