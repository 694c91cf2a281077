// config.json of Hugging Face model directories, read.
#include <algorithm>

#include "base/json.h"
#include "base/json_reader.h"
#include "policy/families.h"
#include "policy/field_reader.h"
#include "policy/model_config_rope.h"

namespace hone::policy {
namespace {

using Json = nlohmann::json;
using kernels::RouterScore;

constexpr int64_t kMostWidth = int64_t{1} << 20, kMostTokens = int64_t{1} << 24, kMostIds = (int64_t{1} << 31) - 1;
constexpr size_t kMostEnds = 256;

// What other decoders of the same tensor names change in their forward, with the value that changes nothing.
void refuse_other_functions(const FieldReader& reader, const Family& family) {
  reader.expect("hidden_act", "silu");
  for (const char* name : {"residual_multiplier", "embedding_multiplier", "logits_scaling", "scale_emb", "logit_scale"})
    reader.expect(name, 1);
  for (const char* name : {"attention_multiplier", "attn_logit_softcapping", "final_logit_softcapping",
                           "query_pre_attn_scalar", "scale_depth", "dim_model_base", "no_rope_layers",
                           "attention_chunk_size"})
    reader.expect(name, nullptr);
  if (family.qk_norm != QkNorm::kFullWidth) reader.expect("clip_qkv", nullptr);
  if (!family.optional_qkv_bias) reader.expect("attention_bias", family.always_qkv_bias);
  if (!family.optional_mlp_bias) reader.expect("mlp_bias", false);
}

void read_tokens(const FieldReader& reader, ModelConfig& c) {
  c.bos_id = static_cast<int32_t>(reader.integer("bos_token_id", -1, -1, kMostIds));
  c.pad_id = static_cast<int32_t>(reader.integer("pad_token_id", -1, -1, kMostIds));
}

// eos_token_id: a number, a list of numbers, or none.
void read_end(const FieldReader& reader, std::vector<int32_t>& ids) {
  const Json* value = reader.find("eos_token_id");
  if (!value) return;
  ids.clear();
  if (!value->is_array()) {
    ids.push_back(static_cast<int32_t>(reader.integer("eos_token_id", 0, 0, kMostIds)));
    return;
  }
  for (const Json& id : *value) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() > static_cast<uint64_t>(kMostIds))
      return reader.fail("eos_token_id", str("holds something else than integers from 0 to ", kMostIds));
    ids.push_back(id.get<int32_t>());
  }
  if (ids.size() > kMostEnds) reader.fail("eos_token_id", str("holds more than ", kMostEnds, " tokens"));
}

void read_storage(const FieldReader& reader, ModelConfig& c) {
  const char* name = reader.either("dtype", "torch_dtype");
  const std::string type = reader.text(name, "float32");
  if (type == "bfloat16") {
    c.stored_type = StoredType::kBf16;
  } else if (type == "float16") {
    c.stored_type = StoredType::kF16;
  } else if (type != "float32") {
    reader.fail(name, "is \"" + type + "\"; hone reads float32, bfloat16 and float16");
  }
  c.mtp_layers = reader.integer(reader.either("num_nextn_predict_layers", "num_mtp_layers"), 0, 0, 64);
  const Json* quantization = reader.find("quantization_config");
  if (!quantization) return;
  if (!quantization->is_object()) return reader.fail("quantization_config", "must be an object");
  const FieldReader fp8 = reader.inside("quantization_config");
  if (const std::string method = fp8.text("quant_method", ""); method != "fp8")
    return fp8.fail("quant_method", "is \"" + method + "\"; hone reads fp8 with blocks");
  fp8.expect("fmt", "e4m3");
  const Json* block = fp8.find("weight_block_size");
  const auto is_size = [](const Json& n) { return n.is_number_unsigned() && n > 0u && n <= 65536u; };
  if (!block || !block->is_array() || block->size() != 2 || !is_size((*block)[0]) || !is_size((*block)[1]))
    return fp8.fail("weight_block_size", "must be two integers from 1 to 65536");
  c.fp8_block_rows = (*block)[0].get<int64_t>();
  c.fp8_block_cols = (*block)[1].get<int64_t>();
}

void read_mla(const FieldReader& reader, const Family& family, ModelConfig& c) {
  c.kv_heads = c.heads;
  if (reader.integer("num_key_value_heads", c.heads, 1, 65536) != c.heads)
    reader.fail("num_key_value_heads", str("must be num_attention_heads, ", c.heads, ", in latent attention"));
  c.q_lora_rank = reader.required_or_null("q_lora_rank", 1, kMostWidth);
  c.kv_lora_rank = reader.required("kv_lora_rank", 1, kMostWidth);
  c.qk_nope_head_dim = reader.required("qk_nope_head_dim", 1, 4096);
  c.qk_rope_head_dim = reader.required("qk_rope_head_dim", 2, 4096);
  c.v_head_dim = reader.required("v_head_dim", 1, 4096);
  const bool interleaved = family.softmax_router || reader.flag("rope_interleave", true);
  c.rope_layout = interleaved ? kernels::RopeLayout::kInterleaved : kernels::RopeLayout::kHalfSplit;
  if (c.qk_rope_head_dim % 2 != 0) reader.fail("qk_rope_head_dim", "must be even");
}

void read_gqa(const FieldReader& reader, const Family& family, ModelConfig& c) {
  if (!reader.has("num_key_value_heads") && !family.defaults.all_kv_heads)
    reader.fail("num_key_value_heads", "is missing (null means num_attention_heads)");
  c.kv_heads = reader.integer("num_key_value_heads", c.heads, 1, c.heads);
  if (c.heads % c.kv_heads != 0) reader.fail("num_key_value_heads", "does not divide num_attention_heads");
  const bool derived = !reader.find("head_dim") && family.defaults.head_dim == 0;
  if (derived && c.hidden_size % c.heads != 0)
    reader.fail("num_attention_heads", "does not divide hidden_size, and there is no head_dim");
  const int64_t fallback = derived ? c.hidden_size / c.heads : family.defaults.head_dim;
  c.head_dim = reader.integer("head_dim", fallback, 2, 4096);
  if (c.head_dim % 2 != 0) reader.fail("head_dim", str("is ", c.head_dim, ", must be even"));
  c.qk_norm = family.qk_norm;
  if (c.qk_norm == QkNorm::kFullWidth) {
    c.qkv_limit = reader.number("clip_qkv", 0, 1e-6, 1e6);
    if (c.head_dim * c.heads != c.hidden_size)
      reader.fail("head_dim", str("is ", c.head_dim, ", must be hidden_size / num_attention_heads here"));
  }
  const bool biased = family.optional_qkv_bias && reader.flag("attention_bias", false);
  c.qkv_bias = family.always_qkv_bias || biased;
  c.output_bias = biased;
}

// hone attends to all positions: a window must be off, or hold them all.
void check_window(const FieldReader& reader, const Family& family, const ModelConfig& c) {
  const FamilyDefaults& defaults = family.defaults;
  if (family.switched_window && !reader.flag("use_sliding_window", false)) return;
  const bool by_layer = defaults.window_layers > 0;
  if (by_layer && (reader.find("layer_types") ||
                   reader.integer("max_window_layers", defaults.window_layers, 0, 65536) >= c.layers))
    return;
  const int64_t fallback = reader.has("sliding_window") ? 0 : defaults.sliding_window;
  const int64_t window = reader.integer("sliding_window", fallback, 1, kMostTokens);
  if (window > 0 && window < c.max_positions)
    reader.fail("sliding_window", str("is ", window, ", below max_position_embeddings ", c.max_positions,
                                      "; hone implements attention to all positions"));
}

void check_layer_types(const FieldReader& reader) {
  const Json* types = reader.find("layer_types");
  if (!types) return;
  if (!types->is_array()) return reader.fail("layer_types", "must be a list");
  for (const Json& type : *types)
    if (type != "full_attention") reader.expect("layer_types", "full_attention");
}

void read_deepseek_experts(const FieldReader& reader, const Family& family, ModelConfig& c) {
  const FamilyDefaults& defaults = family.defaults;
  c.experts = reader.required(reader.either("n_routed_experts", "num_local_experts"), 1, 65536);
  c.shared_experts = reader.required_or_null("n_shared_experts", 0, 1024);
  c.dense_layers = reader.integer("first_k_dense_replace", defaults.dense_layers, 0, c.layers);
  c.router.scaling = reader.number("routed_scaling_factor", 1, 1e-6, 1e6);
  c.correction_bias = !family.softmax_router;
  reader.expect("moe_layer_freq", 1);
  bool grouped = true;
  if (family.softmax_router) {
    const std::string method = reader.text("topk_method", "greedy");
    grouped = method == "group_limited_greedy";
    if (!grouped && method != "greedy")
      reader.fail("topk_method", "is \"" + method + "\"; hone implements greedy and group_limited_greedy here");
    reader.expect("norm_topk_prob", false);
    reader.expect("scoring_func", "softmax");
    c.router.group_best = 1;
  } else if (family.attention == Attention::kMla) {  // files of dots1 hold other names for the same router
    reader.expect("scoring_func", "sigmoid");
    reader.expect("topk_method", "noaux_tc");
  }
  if (!grouped) return;
  c.router.groups = reader.integer("n_group", defaults.groups, 1, c.experts);
  c.router.group_limit = reader.integer("topk_group", defaults.group_limit, 1, c.router.groups);
  if (c.experts % c.router.groups != 0) reader.fail("n_group", "does not divide n_routed_experts");
}

void read_plain_experts(const FieldReader& reader, const Family& family, ModelConfig& c) {
  c.experts = reader.required(reader.either("num_experts", "num_local_experts"), 1, 65536);
  if (family.qk_norm == QkNorm::kFullWidth) return;
  c.expert_step = reader.integer("decoder_sparse_step", 1, 1, 65536);
  const Json* dense = reader.find("mlp_only_layers");
  if (!dense) return;
  if (!dense->is_array()) return reader.fail("mlp_only_layers", "must be a list");
  for (const Json& layer : *dense) {
    if (!layer.is_number_unsigned() || layer.get<uint64_t>() >= static_cast<uint64_t>(c.layers))
      return reader.fail("mlp_only_layers", str("holds something else than layers from 0 to ", c.layers - 1));
    c.mlp_only_layers.push_back(layer.get<int64_t>());
  }
  std::sort(c.mlp_only_layers.begin(), c.mlp_only_layers.end());
  c.mlp_only_layers.erase(std::unique(c.mlp_only_layers.begin(), c.mlp_only_layers.end()), c.mlp_only_layers.end());
}

void read_experts(const FieldReader& reader, const Family& family, ModelConfig& c) {
  if (family.experts == ExpertStyle::kNone) return;
  const bool plain = family.experts == ExpertStyle::kPlain;
  if (plain) {
    read_plain_experts(reader, family, c);
  } else {
    read_deepseek_experts(reader, family, c);
  }
  // OLMoE has no dense layers, and one name for the width.
  c.moe_intermediate_size = plain && family.qk_norm == QkNorm::kFullWidth
                                ? c.intermediate_size
                                : reader.required("moe_intermediate_size", 1, kMostWidth);
  c.router.experts = c.experts;
  c.router.score = family.softmax_router ? RouterScore::kSoftmax : RouterScore::kSigmoid;
  c.router.top_k = reader.required("num_experts_per_tok", 1, c.experts);
  c.router.normalize = reader.flag("norm_topk_prob", family.defaults.normalize_weights);
  if (c.router.group_limit * (c.experts / c.router.groups) < c.router.top_k)
    reader.fail("topk_group", "leaves fewer experts than num_experts_per_tok");
  bool used = false;
  for (int64_t l = 0; l < c.layers; ++l) used = used || c.has_experts(l);
  if (!used) c.experts = 0;
}

// Far above any model, far below what overflows.
void check_size(const FieldReader& reader, const ModelConfig& c) {
  const auto real = [](int64_t n) { return static_cast<double>(n); };
  const double d = real(c.hidden_size);
  const double heads = real(c.heads) * real(std::max(c.head_dim, c.query_dim() + c.v_head_dim));
  const double attention = 4 * d * heads + (d + 2 * heads) * real(c.q_lora_rank + c.kv_lora_rank + 4096);
  const double mlp = 3 * d * (real(c.intermediate_size) +
                              real(c.experts + c.shared_experts) * real(c.moe_intermediate_size));
  if (real(c.layers) * (attention + mlp) + 2 * real(c.vocab_size) * d > 0x1p50)
    reader.fail("hidden_size", "and the other sizes describe more than 2^50 parameters");
  if (c.layers * c.experts > (int64_t{1} << 20))
    reader.fail("num_hidden_layers", str("times the ", c.experts, " experts is more than 2^20"));
}

}  // namespace

Result<ModelConfig> parse_config_json(const std::string& text, const std::string& file) {
  HONE_TRY_ASSIGN(Json json, parse_json(text, file));
  if (!json.is_object()) return Error{ErrorCode::kInvalid, "must be a JSON object", file};
  std::optional<Error> error;
  ModelConfig c;
  c.source = std::make_shared<const Json>(std::move(json));
  const FieldReader reader(*c.source, file, "", error);
  c.architecture = reader.text("model_type", "");
  const Family* family = find_family(c.architecture);
  if (!family) {
    reader.fail("model_type", "is \"" + c.architecture + "\"; hone implements " + family_names());
    return *error;
  }
  c.vocab_size = reader.required("vocab_size", 1, kMostTokens);
  c.hidden_size = reader.required("hidden_size", 1, kMostWidth);
  c.layers = reader.required("num_hidden_layers", 1, 4096);
  c.intermediate_size = reader.required("intermediate_size", 1, kMostWidth);
  c.max_positions = reader.required("max_position_embeddings", 1, kMostTokens);
  c.norm_epsilon = reader.number("rms_norm_eps", family->defaults.norm_epsilon, 1e-20, 1);
  c.tie_embeddings = reader.flag("tie_word_embeddings", false);
  c.init_std = reader.number("initializer_range", 0.02, 0, 1e6);
  c.heads = reader.required("num_attention_heads", 1, 65536);
  c.attention = family->attention;
  if (c.attention == Attention::kMla) {
    read_mla(reader, *family, c);
  } else {
    read_gqa(reader, *family, c);
  }
  c.mlp_bias = family->optional_mlp_bias && reader.flag("mlp_bias", false);
  c.eos_ids.clear();
  read_end(reader, c.eos_ids);
  read_tokens(reader, c);
  read_storage(reader, c);
  read_experts(reader, *family, c);
  read_rope(*c.source, reader, c);
  check_layer_types(reader);
  check_window(reader, *family, c);
  refuse_other_functions(reader, *family);
  check_size(reader, c);
  if (error) return *error;
  return c;
}

Result<void> merge_generation_config(const std::string& text, const std::string& file, ModelConfig& config) {
  HONE_TRY_ASSIGN(const Json json, parse_json(text, file));
  if (!json.is_object()) return Error{ErrorCode::kInvalid, "must be a JSON object", file};
  std::optional<Error> error;
  std::vector<int32_t> ids = config.eos_ids;
  read_end(FieldReader(json, file, "", error), ids);
  if (error) return *error;
  config.eos_ids = std::move(ids);
  return {};
}

}  // namespace hone::policy
