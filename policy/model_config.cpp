// config.json of Hugging Face model directories: the fields of each architecture, both ways.
#include "policy/model_config.h"

#include <nlohmann/json.hpp>

#include "base/json_reader.h"

namespace hone::policy {
namespace {

using Json = nlohmann::json;
using kernels::RouterScore;

const char* class_name(const std::string& architecture) {
  if (architecture == "deepseek_v3") return "DeepseekV3ForCausalLM";
  if (architecture == "dots1") return "Dots1ForCausalLM";
  if (architecture == "qwen3") return "Qwen3ForCausalLM";
  if (architecture == "qwen3_moe") return "Qwen3MoeForCausalLM";
  if (architecture == "llama") return "LlamaForCausalLM";
  return nullptr;
}

bool deepseek_experts(const std::string& architecture) {
  return architecture == "deepseek_v3" || architecture == "dots1";
}

// Typed access to fields, with the first problem kept.
class Reader {
 public:
  Reader(const Json& json, std::string file) : json_(json), file_(std::move(file)) {}

  int64_t integer(const char* name, int64_t fallback, int64_t low, int64_t high) {
    const Json* value = find(name);
    if (!value) return fallback;
    if (!value->is_number_integer() || *value < low || *value > high) {
      fail(name, str("is ", value->dump(), ", must be an integer from ", low, " to ", high));
      return low;
    }
    return value->get<int64_t>();
  }
  int64_t required(const char* name, int64_t low, int64_t high) {
    if (!find(name)) fail(name, "is missing");
    return integer(name, low, low, high);
  }
  double number(const char* name, double fallback) {
    const Json* value = find(name);
    if (!value) return fallback;
    if (!value->is_number()) fail(name, str("is ", value->dump(), ", must be a number"));
    return value->is_number() ? value->get<double>() : fallback;
  }
  bool flag(const char* name, bool fallback) {
    const Json* value = find(name);
    if (!value) return fallback;
    if (!value->is_boolean()) fail(name, str("is ", value->dump(), ", must be true or false"));
    return value->is_boolean() ? value->get<bool>() : fallback;
  }
  std::string text(const char* name, const std::string& fallback) {
    const Json* value = find(name);
    if (!value) return fallback;
    if (!value->is_string()) fail(name, str("is ", value->dump(), ", must be a string"));
    return value->is_string() ? value->get<std::string>() : fallback;
  }
  // A field that must be absent, null, or have the one value that hone implements.
  void expect(const char* name, const Json& only) {
    const Json* value = find(name);
    if (value && *value != only) fail(name, str("is ", value->dump(), "; hone implements ", only.dump(), " here"));
  }
  void fail(const std::string& field, const std::string& message) {
    if (!error_) error_ = Error{ErrorCode::kInvalid, message, file_, 0, 0, field};
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  const Json* find(const char* name) const {
    const auto at = json_.find(name);
    return at == json_.end() || at->is_null() ? nullptr : &*at;
  }
  const Json& json_;
  const std::string file_;
  std::optional<Error> error_;
};

constexpr int64_t kMost = int64_t{1} << 24;

// transformers 5 writes RoPE's parameters as an object.
void read_rope(const Json& json, Reader& reader, ModelConfig& c) {
  c.rope_theta = reader.number("rope_theta", c.rope_theta);
  for (const char* name : {"rope_parameters", "rope_scaling"}) {
    const auto at = json.find(name);
    if (at == json.end() || at->is_null()) continue;
    if (!at->is_object()) return reader.fail(name, "must be an object");
    const Json type = at->value("rope_type", at->value("type", Json("default")));
    if (type != "default")
      return reader.fail(name, "rope_type " + type.dump() + " is not implemented; only default is");
    if (at->contains("rope_theta") && (*at)["rope_theta"].is_number()) c.rope_theta = (*at)["rope_theta"].get<double>();
  }
  if (!(c.rope_theta > 0)) reader.fail("rope_theta", str("is ", c.rope_theta, ", must be above 0"));
}

void read_experts(Reader& reader, ModelConfig& c) {
  const bool deepseek = deepseek_experts(c.architecture);
  c.experts = reader.required(deepseek ? "n_routed_experts" : "num_experts", 1, 65536);
  c.moe_intermediate_size = reader.required("moe_intermediate_size", 1, kMost);
  c.router.experts = c.experts;
  c.router.top_k = reader.required("num_experts_per_tok", 1, c.experts);
  c.router.normalize = reader.flag("norm_topk_prob", deepseek);
  if (!deepseek) {
    c.router.score = RouterScore::kSoftmax;
    reader.expect("decoder_sparse_step", 1);
    reader.expect("mlp_only_layers", Json::array());
    return;
  }
  c.router.score = RouterScore::kSigmoid;
  c.correction_bias = true;
  c.shared_experts = reader.integer("n_shared_experts", 0, 0, 1024);
  c.dense_layers = reader.integer("first_k_dense_replace", 0, 0, c.layers);
  c.router.groups = reader.integer("n_group", 1, 1, c.experts);
  c.router.group_limit = reader.integer("topk_group", 1, 1, c.router.groups);
  c.router.scaling = reader.number("routed_scaling_factor", 1);
  reader.expect("moe_layer_freq", 1);
  if (c.architecture == "deepseek_v3") {  // files of dots1 hold other names for the same router
    reader.expect("scoring_func", "sigmoid");
    reader.expect("topk_method", "noaux_tc");
  }
  if (c.experts % c.router.groups != 0) reader.fail("n_group", "does not divide n_routed_experts");
  if (c.router.group_limit * (c.experts / c.router.groups) < c.router.top_k)
    reader.fail("topk_group", "leaves fewer experts than num_experts_per_tok");
  if (c.dense_layers == c.layers) c.experts = 0;
}

void read_attention(const Json& json, Reader& reader, ModelConfig& c) {
  c.heads = reader.required("num_attention_heads", 1, 65536);
  if (c.architecture == "deepseek_v3") {
    c.attention = Attention::kMla;
    c.kv_heads = c.heads;
    c.q_lora_rank = reader.integer("q_lora_rank", 0, 0, kMost);
    c.kv_lora_rank = reader.required("kv_lora_rank", 1, kMost);
    c.qk_nope_head_dim = reader.required("qk_nope_head_dim", 1, 4096);
    c.qk_rope_head_dim = reader.required("qk_rope_head_dim", 2, 4096);
    c.v_head_dim = reader.required("v_head_dim", 1, 4096);
    c.rope_layout =
        reader.flag("rope_interleave", true) ? kernels::RopeLayout::kInterleaved : kernels::RopeLayout::kHalfSplit;
  } else {
    c.kv_heads = reader.integer("num_key_value_heads", c.heads, 1, c.heads);
    c.head_dim = reader.integer("head_dim", c.hidden_size / c.heads, 2, 4096);
    c.qk_norm = c.architecture != "llama";
    if (c.heads % c.kv_heads != 0) reader.fail("num_key_value_heads", "does not divide num_attention_heads");
    reader.expect("sliding_window", nullptr);
  }
  if (c.rope_dim() % 2 != 0)
    reader.fail(c.attention == Attention::kMla ? "qk_rope_head_dim" : "head_dim", "must be even");
  reader.expect("attention_bias", false);
  reader.expect("mlp_bias", false);
  reader.expect("hidden_act", "silu");
  read_rope(json, reader, c);
}

void write_experts(const ModelConfig& c, Json& out) {
  const bool deepseek = deepseek_experts(c.architecture);
  if (!deepseek && c.experts == 0) return;
  // Without experts the class still has the fields; dense layers everywhere switch them off.
  out[deepseek ? "n_routed_experts" : "num_experts"] = c.experts > 0 ? c.experts : 1;
  out["num_experts_per_tok"] = c.experts > 0 ? c.router.top_k : 1;
  out["moe_intermediate_size"] = c.experts > 0 ? c.moe_intermediate_size : c.intermediate_size;
  out["norm_topk_prob"] = c.router.normalize;
  if (!deepseek) {
    out["decoder_sparse_step"] = 1;
    out["mlp_only_layers"] = Json::array();
    return;
  }
  out["n_shared_experts"] = c.experts > 0 ? Json(c.shared_experts) : Json(1);
  out["first_k_dense_replace"] = c.experts > 0 ? c.dense_layers : c.layers;
  out["n_group"] = c.experts > 0 ? c.router.groups : 1;
  out["topk_group"] = c.experts > 0 ? c.router.group_limit : 1;
  out["routed_scaling_factor"] = c.router.scaling;
  out["scoring_func"] = "sigmoid";
  out["topk_method"] = "noaux_tc";
}

void write_attention(const ModelConfig& c, Json& out) {
  out["num_attention_heads"] = c.heads;
  out["num_key_value_heads"] = c.kv_heads;
  out["attention_bias"] = false;
  out["attention_dropout"] = 0.0;
  out["hidden_act"] = "silu";
  out["rope_theta"] = c.rope_theta;
  if (c.attention == Attention::kGqa) {
    out["head_dim"] = c.head_dim;
    return;
  }
  out["q_lora_rank"] = c.q_lora_rank > 0 ? Json(c.q_lora_rank) : Json(nullptr);
  out["kv_lora_rank"] = c.kv_lora_rank;
  out["qk_nope_head_dim"] = c.qk_nope_head_dim;
  out["qk_rope_head_dim"] = c.qk_rope_head_dim;
  out["qk_head_dim"] = c.query_dim();
  out["v_head_dim"] = c.v_head_dim;
  out["rope_interleave"] = c.rope_layout == kernels::RopeLayout::kInterleaved;
}

}  // namespace

std::string to_config_json(const ModelConfig& c) {
  HONE_CHECK(class_name(c.architecture) != nullptr, c.architecture);
  Json out = {{"architectures", {class_name(c.architecture)}},
              {"model_type", c.architecture},
              {"vocab_size", c.vocab_size},
              {"hidden_size", c.hidden_size},
              {"intermediate_size", c.intermediate_size},
              {"num_hidden_layers", c.layers},
              {"max_position_embeddings", c.max_positions},
              {"rms_norm_eps", c.norm_epsilon},
              {"tie_word_embeddings", c.tie_embeddings},
              {"initializer_range", c.init_std},
              {"bos_token_id", c.bos_id},
              {"eos_token_id", c.eos_id},
              {"pad_token_id", c.pad_id},
              {"dtype", "float32"},
              {"use_cache", true}};
  write_attention(c, out);
  write_experts(c, out);
  return out.dump(2) + "\n";
}

Result<ModelConfig> parse_config_json(const std::string& text, const std::string& file) {
  HONE_TRY_ASSIGN(const Json json, parse_json(text, file));
  if (!json.is_object()) return Error{ErrorCode::kInvalid, "must be a JSON object", file};
  Reader reader(json, file);
  ModelConfig c;
  c.architecture = reader.text("model_type", "");
  if (!class_name(c.architecture))
    return Error{ErrorCode::kInvalid,
                 "is \"" + c.architecture + "\"; hone implements deepseek_v3, dots1, qwen3, qwen3_moe and llama",
                 file,
                 0,
                 0,
                 "model_type"};
  c.vocab_size = reader.required("vocab_size", 1, kMost);
  c.hidden_size = reader.required("hidden_size", 1, kMost);
  c.layers = reader.required("num_hidden_layers", 1, 4096);
  c.intermediate_size = reader.integer("intermediate_size", 1, 1, kMost);
  c.max_positions = reader.integer("max_position_embeddings", 4096, 1, kMost);
  c.norm_epsilon = reader.number("rms_norm_eps", 1e-6);
  c.tie_embeddings = reader.flag("tie_word_embeddings", false);
  c.init_std = reader.number("initializer_range", 0.02);
  c.bos_id = static_cast<int32_t>(reader.integer("bos_token_id", 1, 0, c.vocab_size));
  c.eos_id = static_cast<int32_t>(reader.integer("eos_token_id", 2, 0, c.vocab_size));
  c.pad_id = static_cast<int32_t>(reader.integer("pad_token_id", 0, 0, c.vocab_size));
  reader.expect("quantization_config", nullptr);
  read_attention(json, reader, c);
  if (c.architecture != "qwen3" && c.architecture != "llama") read_experts(reader, c);
  if (reader.error()) return *reader.error();
  return c;
}

}  // namespace hone::policy
