#include "trainer/model.h"

#include <algorithm>

#include "base/file.h"
#include "base/json.h"
#include "base/philox.h"
#include "kernels/cuda/device.h"
#include "policy/char_tokenizer.h"
#include "policy/file_parameters.h"
#include "trainer/manifest.h"
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

// All that makes a network what it is, without what else its config.json says.
std::string shape_text(policy::ModelConfig config) {
  config.source = nullptr;
  config.stored_type = policy::StoredType::kF32;
  config.bos_id = config.pad_id = 0;
  config.eos_ids = {0};
  return policy::to_config_json(config);
}

// Where values of a directory come from: for training the masters of a checkpoint that has them.
Result<policy::FileParameters> open_values(const ModelDirectory& directory, const policy::ParameterLayout& layout,
                                           policy::Use use) {
  const std::string optimizer_path = join_path(directory.path, kOptimizerFile);
  std::shared_ptr<const policy::SafetensorsFile> masters;
  if (use == policy::Use::kTrain && path_exists(optimizer_path)) {
    HONE_TRY_ASSIGN(policy::SafetensorsFile optimizer, policy::SafetensorsFile::open(optimizer_path));
    if (policy::has_masters(optimizer))
      masters = std::make_shared<const policy::SafetensorsFile>(std::move(optimizer));
  }
  return policy::FileParameters::open(directory.tensors, directory.config, layout, std::move(masters));
}

Result<void> load_tokenizer_of(const std::string& directory, Model& model) {
  const std::string path = join_path(directory, "tokenizer.json");
  if (!path_exists(path)) return {};
  HONE_TRY_ASSIGN(model.tokenizer, policy::load_tokenizer(path));
  const int64_t tokens = model.tokenizer->vocab_size(), rows = model.weights->config().vocab_size;
  if (tokens > rows) return Error{ErrorCode::kInvalid, str("has ", tokens, " tokens, the model ", rows), path};
  return {};
}

// All values of a source as f32 tensors, a piece at a time.
std::vector<policy::TensorOut> tensors_of(const policy::ParameterSource& source,
                                          const policy::ParameterLayout& layout) {
  std::vector<policy::TensorOut> out;
  for (size_t i = 0; i < layout.parameters.size(); ++i) {
    const policy::Parameter& p = layout.parameters[i];
    const auto write = [&source, &p, i](const policy::ByteSink& sink) -> Result<void> {
      const int64_t cols = std::max<int64_t>(p.cols, 1), piece = std::max<int64_t>(1, (1 << 18) / cols);
      std::vector<float> values(static_cast<size_t>(std::min(piece, p.rows) * cols));
      for (int64_t row = 0; row < p.rows; row += piece) {
        const int64_t count = std::min(piece, p.rows - row);
        source.read(i, row, count, values.data());
        HONE_TRY(sink(std::as_bytes(std::span(values).first(static_cast<size_t>(count * cols)))));
      }
      return {};
    };
    out.push_back({p.name, policy::DType::kF32, shape_of(p), write});
  }
  return out;
}

}  // namespace

Result<void> check_device(Device device) {
  if (device == Device::kCpu) return {};
  const auto opened = kernels::cuda::open_device(0);
  if (opened.ok()) return {};
  Error missing = opened.error();
  missing.field = "run.device";
  return missing;
}

const kernels::Backend& backend_of(Device device, Dtype dtype) {
  HONE_CHECK(dtype != Dtype::kAuto, "the dtype is derived on loading");
  const bool bf16 = dtype == Dtype::kBf16;
  if (device == Device::kCpu) return kernels::cpu_backend(bf16 ? kernels::DType::kBf16 : kernels::DType::kF32);
  const auto opened = kernels::cuda::open_device(0);
  HONE_CHECK(opened.ok(), "the device was there before");
  return bf16 ? *opened->bf16 : *opened->f32;
}

policy::MlaForm form_of(MlaForm form) {
  return form == MlaForm::kAbsorbed ? policy::MlaForm::kAbsorbed : policy::MlaForm::kExpanded;
}

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

Result<Model> make_model(const RunConfig& config, policy::Use use) {
  const PolicySection& policy = config.policy;
  std::optional<Dtype> dtype = policy.dtype;
  if (policy.dtype == Dtype::kAuto) dtype.reset();
  if (!policy.path.empty())
    return load_model(policy.path, {form_of(policy.mla), use, dtype, false, config.run.device}, {});
  Model model;
  HONE_TRY_ASSIGN(model.tokenizer, make_tokenizer(config.tokenizer));
  model.weights = std::make_unique<policy::Weights>(model_shape(policy, *model.tokenizer),
                                                    backend_of(config.run.device, dtype.value_or(Dtype::kF32)), use);
  return model;
}

std::unique_ptr<policy::ParameterSource> initial_parameters(const policy::ParameterLayout& layout,
                                                            const policy::ModelConfig& config, uint64_t seed) {
  return std::make_unique<policy::RandomParameters>(layout, config.init_std,
                                                    mix64(seed, kInitStream, Purpose::kInit));
}

Result<Model> load_model(const std::string& path, const LoadOptions& options, const kernels::Stream& stream) {
  HONE_TRY_ASSIGN(ModelDirectory directory, open_model_directory(path, options.form));
  const kernels::Backend& backend =
      backend_of(options.device, options.dtype.value_or(dtype_of(directory.config.stored_type)));
  const policy::ParameterLayout layout = policy::make_layout(directory.config, backend);
  HONE_TRY_ASSIGN(const auto values, open_values(directory, layout, options.use));
  Model model;
  model.weights = std::make_unique<policy::Weights>(directory.config, backend, options.use);
  if (options.values) model.weights->load(values, stream);
  model.kept = values.kept();
  model.notes = std::move(directory.notes);
  model.notes.insert(model.notes.end(), values.notes().begin(), values.notes().end());
  if (options.use == policy::Use::kTrain) {
    HONE_TRY_ASSIGN(model.companions, read_companions(path));
  }
  HONE_TRY(load_tokenizer_of(path, model));
  return model;
}

Result<std::unique_ptr<policy::ParameterSource>> open_source(const std::string& path, const policy::Weights& shape,
                                                             policy::Use use) {
  HONE_TRY_ASSIGN(const ModelDirectory directory, open_model_directory(path, shape.config().mla));
  if (shape_text(directory.config) != shape_text(shape.config()))
    return Error{ErrorCode::kInvalid, "has another shape than this run's policy", path};
  HONE_TRY_ASSIGN(policy::FileParameters values, open_values(directory, shape.layout(), use));
  return std::unique_ptr<policy::ParameterSource>(new policy::FileParameters(std::move(values)));
}

Result<void> load_weights(const std::string& path, policy::Weights& weights, const kernels::Stream& stream) {
  HONE_TRY_ASSIGN(const auto source, open_source(path, weights, weights.use()));
  weights.load(*source, stream);
  return {};
}

std::string weights_sha256(const policy::ParameterSource& source, const policy::ParameterLayout& layout) {
  return state_sha256(tensors_of(source, layout), {}, 0);
}

namespace {

// The config.json of what exported_tensors gives.
policy::ModelConfig exported_config(const policy::Weights& weights) {
  policy::ModelConfig config = weights.config();
  const bool rounded = weights.backend().compact == kernels::DType::kBf16;
  config.stored_type = rounded ? policy::StoredType::kBf16 : policy::StoredType::kF32;
  return config;
}

std::string generation_config(const policy::ModelConfig& c) {
  nlohmann::json out = {{"do_sample", true}};
  if (c.bos_id >= 0) out["bos_token_id"] = c.bos_id;
  if (c.pad_id >= 0) out["pad_token_id"] = c.pad_id;
  if (c.eos_ids.size() == 1) out["eos_token_id"] = c.eos_ids[0];
  if (c.eos_ids.size() > 1) out["eos_token_id"] = c.eos_ids;
  return out.dump(2) + "\n";
}

}  // namespace

namespace {

// f32 values in a backend's memory; rounded: written as bf16.
policy::TensorOut tensor_at(const kernels::Backend& backend, const float* data, const policy::Parameter& parameter,
                            const std::string& name, bool rounded) {
  const auto write = [&backend, data, count = parameter.size(), rounded](const policy::ByteSink& sink) -> Result<void> {
    constexpr int64_t kPiece = 1 << 18;
    std::vector<float> values(static_cast<size_t>(std::min(kPiece, count)));
    std::vector<uint16_t> narrow(rounded ? values.size() : 0);
    for (int64_t i = 0; i < count; i += kPiece) {
      const auto n = static_cast<size_t>(std::min(kPiece, count - i));
      backend.read(values.data(), data + i, n * sizeof(float), {});
      if (rounded) policy::to_bf16(values.data(), static_cast<int64_t>(n), narrow.data());
      HONE_TRY(sink(rounded ? std::as_bytes(std::span(narrow).first(n)) : std::as_bytes(std::span(values).first(n))));
    }
    return {};
  };
  return {name, rounded ? policy::DType::kBF16 : policy::DType::kF32, shape_of(parameter), write};
}

}  // namespace

std::vector<policy::TensorOut> parameter_tensors(const policy::Weights& weights, const void* base,
                                                 const std::string& prefix) {
  std::vector<policy::TensorOut> out;
  for (const policy::Parameter& p : weights.layout().parameters)
    out.push_back(tensor_at(weights.backend(), static_cast<const float*>(base) + p.offset, p, prefix + p.name, false));
  return out;
}

std::vector<policy::TensorOut> exported_tensors(const Model& model) {
  const policy::Weights& weights = *model.weights;
  const bool rounds = weights.backend().compact == kernels::DType::kBf16;
  std::vector<policy::TensorOut> out;
  for (const policy::Parameter& p : weights.layout().parameters) {
    const auto* data = static_cast<const float*>(weights.at(p.offset));
    out.push_back(tensor_at(weights.backend(), data, p, p.name, rounds && p.trained));
  }
  out.insert(out.end(), model.kept.begin(), model.kept.end());
  return out;
}

NamedTexts model_files(const Model& model) {
  const policy::ModelConfig& c = model.weights->config();
  NamedTexts out{{"config.json", policy::to_config_json(exported_config(*model.weights))}};
  out.insert(out.end(), model.companions.begin(), model.companions.end());
  const auto add_missing = [&out](const std::string& name, std::string content) {
    if (std::ranges::none_of(out, [&](const auto& file) { return file.first == name; }))
      out.emplace_back(name, std::move(content));
  };
  add_missing("generation_config.json", generation_config(c));
  if (model.tokenizer)
    for (policy::TokenizerFile& file : model.tokenizer->files()) add_missing(file.name, std::move(file.text));
  return out;
}

Result<FoundTarget> find_target(const std::string& target) {
  FoundTarget out;
  if (path_exists(join_path(target, "checkpoints"))) {
    const auto note = [&](const CheckpointStatus& status) {
      out.skipped.push_back(status.path + ": " + status.problem);
    };
    HONE_TRY_ASSIGN(const LoadedCheckpoint checkpoint, latest_good(target, note));
    out.path = checkpoint.info.path;
    out.stage = checkpoint.info.stage;
  } else if (path_exists(join_path(target, kManifestFile))) {
    HONE_TRY_ASSIGN(const LoadedCheckpoint checkpoint, load_checkpoint(target));
    out.path = checkpoint.info.path;
    out.stage = checkpoint.info.stage;
  } else if (path_exists(join_path(target, "config.json"))) {
    out.path = target;
  } else {
    return Error{ErrorCode::kNotFound,
                 "is no run directory, checkpoint or model directory (it has none of checkpoints/, "
                 "manifest.json, config.json)",
                 target};
  }
  return out;
}

namespace {

// The run's configuration and the stage of a checkpoint inside it, when there is one around it.
Result<void> add_run(const FoundTarget& found, OpenedTarget& target) {
  const std::string config_path = join_path(found.path, "../../config.yaml");
  if (found.stage.empty() || !path_exists(config_path)) return {};
  auto loaded = load_run_config(config_path);
  if (auto* errors = std::get_if<ConfigErrors>(&loaded)) return errors->errors.front();
  target.config = std::get<ResolvedConfig>(std::move(loaded)).config;
  for (const StageConfig& stage : target.config->stages)
    if (stage.name == found.stage) target.stage = stage;
  return {};
}

}  // namespace

Result<OpenedTarget> open_target(const std::string& target, const kernels::Stream& stream,
                                 std::optional<Dtype> dtype) {
  HONE_TRY_ASSIGN(FoundTarget found, find_target(target));
  OpenedTarget out;
  HONE_TRY(add_run(found, out));
  const policy::MlaForm form = out.config ? form_of(out.config->policy.mla) : policy::MlaForm::kExpanded;
  HONE_TRY_ASSIGN(out.model, load_model(found.path, {.form = form, .dtype = dtype}, stream));
  out.path = std::move(found.path);
  out.skipped = std::move(found.skipped);
  return out;
}

}  // namespace hone::trainer
