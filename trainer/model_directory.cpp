#include "trainer/model_directory.h"

#include <algorithm>

#include "base/file.h"

namespace hone::trainer {
namespace {

constexpr int64_t kMaxConfigBytes = 1 << 20;
constexpr int64_t kMaxCompanionBytes = 256 << 20;
constexpr const char* kGenerationConfig = "generation_config.json";

bool is_companion(std::string_view name) {
  constexpr std::string_view kNames[] = {"tokenizer.json",    "tokenizer_config.json", "special_tokens_map.json",
                                         "added_tokens.json", "vocab.json",            "merges.txt",
                                         "tokenizer.model",   "chat_template.jinja",   "chat_template.json",
                                         kGenerationConfig};
  return std::ranges::count(kNames, name) > 0 || (name.ends_with(".py") && name[0] != '.');
}

// Sizes whose product no file can hold are refused before anything is planned with them.
Result<void> check_size(const policy::ModelConfig& c, const std::string& file) {
  constexpr double kMostTensors = 1e6, kMostElements = 1e14;
  const auto number = [](int64_t x) { return static_cast<double>(x); };
  const double experts = number(std::max<int64_t>(c.experts, 1)), layers = number(c.layers);
  const double widest = number(std::max({c.intermediate_size, c.moe_intermediate_size, c.heads * c.head_dim,
                                         c.heads * (c.query_dim() + c.v_head_dim), c.q_lora_rank, c.kv_lora_rank}));
  const double elements = number(c.hidden_size) * (number(c.vocab_size) + layers * experts * widest);
  if (layers * experts <= kMostTensors && elements <= kMostElements) return {};
  return Error{ErrorCode::kInvalid, str("describes about ", elements, " parameters in ", layers * experts,
                                        " networks of a layer, more than hone takes"), file};
}

}  // namespace

Dtype dtype_of(policy::StoredType stored) {
  return stored == policy::StoredType::kBf16 ? Dtype::kBf16 : Dtype::kF32;
}

Result<policy::ModelConfig> read_model_config(const std::string& directory) {
  const std::string path = join_path(directory, "config.json");
  HONE_TRY_ASSIGN(const std::string text, read_file(path, kMaxConfigBytes));
  HONE_TRY_ASSIGN(policy::ModelConfig config, policy::parse_config_json(text, path));
  HONE_TRY(check_size(config, path));
  const std::string generation_path = join_path(directory, kGenerationConfig);
  if (!path_exists(generation_path)) return config;
  HONE_TRY_ASSIGN(const std::string generation, read_file(generation_path, kMaxConfigBytes));
  HONE_TRY(policy::merge_generation_config(generation, generation_path, config));
  return config;
}

Result<ModelDirectory> open_model_directory(const std::string& path, policy::MlaForm form) {
  ModelDirectory out;
  out.path = path;
  HONE_TRY_ASSIGN(out.config, read_model_config(path));
  out.config.mla = form;
  if (out.config.stored_type == policy::StoredType::kF16) out.notes.push_back("its float16 is read as f32");
  HONE_TRY_ASSIGN(policy::TensorFiles tensors, policy::TensorFiles::open(path));
  out.tensors = std::make_shared<const policy::TensorFiles>(std::move(tensors));
  return out;
}

Result<NamedTexts> read_companions(const std::string& directory) {
  HONE_TRY_ASSIGN(const std::vector<std::string> names, list_directory(directory));
  NamedTexts out;
  for (const std::string& name : names) {
    if (!is_companion(name)) continue;
    HONE_TRY_ASSIGN(std::string text, read_file(join_path(directory, name), kMaxCompanionBytes));
    out.emplace_back(name, std::move(text));
  }
  return out;
}

}  // namespace hone::trainer
