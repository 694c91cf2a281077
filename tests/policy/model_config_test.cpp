#include "policy/model_config.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/json.h"
#include "policy/rope_table.h"
#include "tests/support/tiny_models.h"

namespace hone::policy {
namespace {

using Json = nlohmann::json;

class EveryModel : public testing::TestWithParam<test::NamedModel> {};

TEST_P(EveryModel, ReadsBackAsItWasWritten) {
  const ModelConfig& c = GetParam().config;
  const auto read = parse_config_json(to_config_json(c), "config.json");
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(to_config_json(*read), to_config_json(c));
  // What a forward depends on; the form of latent attention is not part of the file.
  const auto numbers = [](const ModelConfig& m) {
    return std::vector<int64_t>{m.vocab_size,       m.hidden_size,      m.layers,        m.intermediate_size,
                                m.max_positions,    m.heads,            m.kv_heads,      m.head_dim,
                                m.q_lora_rank,      m.kv_lora_rank,     m.v_head_dim,    m.qk_nope_head_dim,
                                m.qk_rope_head_dim, m.experts,          m.qkv_bias,       m.tie_embeddings,
                                int{m.bos_id},      int{m.pad_id},      m.output_bias,
                                m.mlp_bias,         m.expert_step};
  };
  EXPECT_EQ(numbers(*read), numbers(c));
  EXPECT_EQ(read->attention, c.attention);
  EXPECT_EQ(read->rope_layout, c.rope_layout);
  EXPECT_EQ(read->norm_epsilon, c.norm_epsilon);
  EXPECT_EQ(read->rope_theta, c.rope_theta);
  EXPECT_EQ(read->eos_ids, c.eos_ids);
  EXPECT_EQ(read->qk_norm, c.qk_norm);
  EXPECT_EQ(read->qkv_limit, c.qkv_limit);
  EXPECT_EQ(read->mlp_only_layers, c.mlp_only_layers);
  EXPECT_EQ(rope_frequencies(*read), rope_frequencies(c));
  EXPECT_EQ(rope_amplitude(*read), rope_amplitude(c));
  EXPECT_EQ(attention_scale(*read), attention_scale(c));
  if (c.experts == 0) return;
  EXPECT_EQ(read->moe_intermediate_size, c.moe_intermediate_size);
  EXPECT_EQ(read->shared_experts, c.shared_experts);
  EXPECT_EQ(read->dense_layers, c.dense_layers);
  EXPECT_EQ(read->correction_bias, c.correction_bias);
  EXPECT_EQ(read->router.top_k, c.router.top_k);
  EXPECT_EQ(read->router.groups, c.router.groups);
  EXPECT_EQ(read->router.group_limit, c.router.group_limit);
  EXPECT_EQ(read->router.score, c.router.score);
  EXPECT_EQ(read->router.normalize, c.router.normalize);
  EXPECT_EQ(read->router.scaling, c.router.scaling);
  EXPECT_EQ(read->router.group_best, c.router.group_best);
}

TEST_P(EveryModel, AFileCutAnywhereIsRefused) {
  const std::string text = to_config_json(GetParam().config);
  const size_t end = text.find_last_of('}');
  for (size_t length = 0; length <= end; ++length) {
    const auto read = parse_config_json(text.substr(0, length), "config.json");
    ASSERT_FALSE(read.ok()) << length;
    EXPECT_EQ(read.error().file, "config.json");
  }
}

TEST_P(EveryModel, AFieldOfAnotherTypeOrSizeIsNamed) {
  const Json good = Json::parse(to_config_json(GetParam().config));
  for (const char* name : {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
                           "max_position_embeddings"})
    for (const Json& bad : {Json("12"), Json(-1), Json(1.5), Json(true), Json::array({1}), Json(uint64_t{1} << 63)}) {
      Json broken = good;
      broken[name] = bad;
      const auto read = parse_config_json(broken.dump(), "there/config.json");
      ASSERT_FALSE(read.ok()) << name << " " << bad;
      EXPECT_EQ(read.error().field, name);
      EXPECT_EQ(read.error().file, "there/config.json");
    }
}

INSTANTIATE_TEST_SUITE_P(Models, EveryModel, testing::ValuesIn(test::tiny_models()),
                         [](const auto& info) { return info.param.name; });

struct Break {
  std::string name;
  std::string model;  // of test::tiny_models()
  std::string field;
  std::function<void(Json&)> apply;
};

class BrokenConfig : public testing::TestWithParam<Break> {};

TEST_P(BrokenConfig, IsRefusedByFileAndField) {
  const Break& broken = GetParam();
  for (const test::NamedModel& model : test::tiny_models()) {
    if (model.name != broken.model) continue;
    Json json = Json::parse(to_config_json(model.config));
    broken.apply(json);
    const auto read = parse_config_json(json.dump(), "m/config.json");
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(read.error().file, "m/config.json");
    EXPECT_EQ(read.error().field, broken.field);
  }
}

Break without(const std::string& model, const std::string& field) {
  return {model + "_without_" + field, model, field, [field](Json& json) { json.erase(field); }};
}

Break with(const std::string& name, const std::string& model, const std::string& field, const Json& value) {
  return {name, model, field, [field, value](Json& json) { json[field] = value; }};
}

// A field inside an object.
Break with(const std::string& name, const std::string& model, const std::string& object, const std::string& field,
           const Json& value) {
  return {name, model, object + "." + field, [object, field, value](Json& json) { json[object][field] = value; }};
}

std::string name_of(const testing::TestParamInfo<Break>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Missing, BrokenConfig,
    testing::Values(
        without("mla_moe", "model_type"), without("mla_moe", "vocab_size"), without("mla_moe", "hidden_size"),
        without("mla_moe", "num_hidden_layers"), without("mla_moe", "num_attention_heads"),
        without("mla_moe", "intermediate_size"), without("mla_moe", "max_position_embeddings"),
        without("mla_moe", "q_lora_rank"), without("mla_moe", "kv_lora_rank"), without("mla_moe", "qk_nope_head_dim"),
        without("mla_moe", "qk_rope_head_dim"), without("mla_moe", "v_head_dim"),
        without("mla_moe", "n_routed_experts"),
        without("mla_moe", "n_shared_experts"), without("mla_moe", "num_experts_per_tok"),
        without("mla_moe", "moe_intermediate_size"), without("qwen2", "num_key_value_heads"),
        without("olmoe", "num_experts")),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Wrong, BrokenConfig,
    testing::Values(
        with("unknown_architecture", "gqa_dense", "model_type", "gpt2"),
        with("architecture_number", "gqa_dense", "model_type", 3),
        with("norm_epsilon_text", "gqa_dense", "rms_norm_eps", "small"),
        with("norm_epsilon_zero", "gqa_dense", "rms_norm_eps", 0),
        with("tie_number", "gqa_dense", "tie_word_embeddings", 1), with("odd_head", "gqa_dense", "head_dim", 7),
        with("odd_rope", "mla_moe", "qk_rope_head_dim", 7), with("kv_heads", "gqa_dense", "num_key_value_heads", 3),
        with("kv_heads_of_latent", "mla_moe", "num_key_value_heads", 2), with("groups", "mla_moe", "n_group", 4),
        with("too_many_experts_a_token", "mla_moe", "num_experts_per_tok", 7),
        with("olmoe_head_dim", "olmoe", "head_dim", 8), with("clip_text", "olmoe", "clip_qkv", "8"),
        with("mlp_only_number", "gqa_softmax_moe", "mlp_only_layers", 1),
        with("mlp_only_layer_beyond", "gqa_softmax_moe", "mlp_only_layers", {0, 2}),
        with("end_text", "qwen2", "eos_token_id", "</s>"), with("end_negative", "qwen2", "eos_token_id", -1),
        with("end_list_of_text", "qwen2", "eos_token_id", {1, "2"}), with("dtype", "qwen2", "dtype", "float64"),
        with("dtype_number", "qwen2", "dtype", 32),
        with("prediction_layers", "mla_moe", "num_nextn_predict_layers", -1),
        with("quantization_text", "mla_moe", "quantization_config", "fp8"),
        with("quantization_method", "mla_moe", "quantization_config", "quant_method", "gptq"),
        with("layer_types_text", "qwen2", "layer_types", "full_attention")),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Rope, BrokenConfig,
    testing::Values(
        with("dynamic", "qwen2", "rope_scaling", "rope_type", "dynamic"),
        with("longrope", "mla_moe", "rope_scaling", "type", "longrope"),
        with("type_number", "qwen2", "rope_scaling", "rope_type", 7),
        with("yarn_without_factor", "mistral", "rope_scaling", "factor", nullptr),
        with("yarn_factor", "mistral", "rope_scaling", "factor", 0.5),
        with("yarn_truncate", "mistral", "rope_scaling", "truncate", 1),
        with("llama3_low", "llama_biases", "rope_scaling", "low_freq_factor", nullptr),
        with("llama3_high", "llama_biases", "rope_scaling", "high_freq_factor", 0.5),
        with("llama3_positions", "llama_biases", "rope_scaling", "original_max_position_embeddings", 0),
        with("partial_inside", "qwen2", "rope_parameters", "partial_rotary_factor", 0.5),
        with("sections", "qwen2", "rope_parameters", "mrope_section", {16, 24, 24}),
        with("partial", "qwen2", "partial_rotary_factor", 0.25), with("scaling_number", "qwen2", "rope_scaling", 2),
        with("by_layer_type", "qwen2", "rope_parameters", {{"full_attention", {{"rope_type", "default"}}}}),
        with("theta_text", "qwen2", "rope_theta", "big"), with("theta_zero", "qwen2", "rope_theta", 0)),
    name_of);

// Fields that change the function in a way that is not implemented.
INSTANTIATE_TEST_SUITE_P(
    Unsupported, BrokenConfig,
    testing::Values(
        with("gelu", "gqa_dense", "hidden_act", "gelu"), with("attention_bias", "mla_moe", "attention_bias", true),
        with("mistral_attention_bias", "mistral", "attention_bias", true), with("mlp_bias", "qwen2", "mlp_bias", true),
        with("softmax_deepseek", "mla_moe", "scoring_func", "softmax"),
        with("sigmoid_deepseek_v2", "deepseek_v2", "scoring_func", "sigmoid"),
        with("normalized_deepseek_v2", "deepseek_v2", "norm_topk_prob", true),
        with("greedy_deepseek", "mla_moe", "topk_method", "greedy"),
        with("noaux_deepseek_v2", "deepseek_v2", "topk_method", "noaux_tc"),
        with("sparse_every_second", "mla_moe", "moe_layer_freq", 2), with("clip", "qwen2", "clip_qkv", 8),
        with("attention_multiplier", "llama_tied", "attention_multiplier", 0.5),
        with("residual_multiplier", "llama_tied", "residual_multiplier", 0.22),
        with("softcapping", "llama_tied", "final_logit_softcapping", 30),
        with("window", "mistral", "sliding_window", 95),
        with("other_layers", "qwen2", "layer_types", {"full_attention", "sliding_attention"}),
        Break{"switched_window", "qwen2", "sliding_window",
              [](Json& json) {
                json["use_sliding_window"] = true;
                json["sliding_window"] = 32;
                json["max_window_layers"] = 1;
              }},
        Break{"window_by_default", "mistral", "sliding_window",
              [](Json& json) {
                json.erase("sliding_window");
                json["max_position_embeddings"] = 8192;
              }}),
    name_of);

struct Accepted {
  std::string name, model;
  std::function<void(Json&)> apply;
  std::function<bool(const ModelConfig&)> holds;
};

class AcceptedConfig : public testing::TestWithParam<Accepted> {};

TEST_P(AcceptedConfig, MeansWhatItSays) {
  for (const test::NamedModel& model : test::tiny_models()) {
    if (model.name != GetParam().model) continue;
    Json json = Json::parse(to_config_json(model.config));
    GetParam().apply(json);
    const auto read = parse_config_json(json.dump(), "config.json");
    ASSERT_TRUE(read.ok()) << read.error().to_string();
    EXPECT_TRUE(GetParam().holds(*read));
  }
}

Accepted set(const std::string& name, const std::string& model, const std::string& field, const Json& value,
             const std::function<bool(const ModelConfig&)>& holds) {
  return {name, model, [field, value](Json& json) { json[field] = value; }, holds};
}

INSTANTIATE_TEST_SUITE_P(
    Configs, AcceptedConfig,
    testing::Values(
        set("list_of_ends", "qwen2", "eos_token_id", {7, 9},
            [](const ModelConfig& c) { return c.eos_ids == std::vector<int32_t>{7, 9}; }),
        set("no_end", "qwen2", "eos_token_id", nullptr, [](const ModelConfig& c) { return c.eos_ids.empty(); }),
        set("no_begin", "qwen2", "bos_token_id", nullptr, [](const ModelConfig& c) { return c.bos_id == -1; }),
        set("window_that_holds_all", "mistral", "sliding_window", 96, [](const ModelConfig&) { return true; }),
        set("window_switched_off", "qwen2", "sliding_window", 8, [](const ModelConfig&) { return true; }),
        set("bf16", "qwen2", "dtype", "bfloat16",
            [](const ModelConfig& c) { return c.stored_type == StoredType::kBf16; }),
        set("prediction_layers", "mla_moe", "num_nextn_predict_layers", 1,
            [](const ModelConfig& c) { return c.mtp_layers == 1; }),
        set("fp8", "mla_moe", "quantization_config",
            {{"quant_method", "fp8"}, {"fmt", "e4m3"}, {"weight_block_size", {128, 64}}},
            [](const ModelConfig& c) { return c.fp8_block_rows == 128 && c.fp8_block_cols == 64; }),
        set("kimi", "mla_moe", "model_type", "kimi_k2",
            [](const ModelConfig& c) { return c.attention == Attention::kMla && c.correction_bias; }),
        set("rope_parameters", "qwen2", "rope_parameters", {{"rope_type", "default"}, {"rope_theta", 5e5}},
            [](const ModelConfig& c) { return c.rope_theta == 5e5; }),
        Accepted{"other_name_of_experts", "gqa_softmax_moe",
                 [](Json& json) {
                   json["num_local_experts"] = json["num_experts"];
                   json.erase("num_experts");
                 },
                 [](const ModelConfig& c) { return c.experts == 6; }},
        Accepted{"torch_dtype", "qwen2",
                 [](Json& json) {
                   json.erase("dtype");
                   json["torch_dtype"] = "float16";
                 },
                 [](const ModelConfig& c) { return c.stored_type == StoredType::kF16; }}),
    [](const auto& info) { return info.param.name; });

TEST(ModelConfigJson, UnknownFieldsSurvive) {
  Json json = Json::parse(to_config_json(test::tiny_llama()));
  json["auto_map"] = {{"AutoModel", "modeling.Model"}};
  json["transformers_version"] = "4.51.0";
  json.erase("dtype");
  json["torch_dtype"] = "bfloat16";
  Json quantized = json;
  quantized["quantization_config"] = {{"quant_method", "fp8"}, {"weight_block_size", {128, 128}}};
  auto read = parse_config_json(quantized.dump(), "config.json");
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(Json::parse(to_config_json(*read)), json);
  read->stored_type = StoredType::kF32;
  json["torch_dtype"] = "float32";
  EXPECT_EQ(Json::parse(to_config_json(*read)), json);
}

TEST(ModelConfigJson, HugeSizesAreRefused) {
  Json json = Json::parse(to_config_json(test::tiny_softmax_experts("qwen3_moe")));
  for (const auto& [name, value] : {std::pair{"hidden_size", 1 << 20}, {"moe_intermediate_size", 1 << 20},
                                    {"num_local_experts", 65536}, {"num_hidden_layers", 4096}})
    json[name] = value;
  json["num_experts"] = 65536;
  EXPECT_FALSE(parse_config_json(json.dump(), "config.json").ok());
}

TEST(GenerationConfig, ItsEndsTakeThePlaceOfTheModels) {
  ModelConfig c = test::tiny_llama();
  ASSERT_TRUE(merge_generation_config(R"({"eos_token_id": [3, 4, 5], "temperature": 0.6})", "g.json", c).ok());
  EXPECT_EQ(c.eos_ids, (std::vector<int32_t>{3, 4, 5}));
  ASSERT_TRUE(merge_generation_config(R"({"do_sample": true})", "g.json", c).ok());
  EXPECT_EQ(c.eos_ids.size(), 3u);
  const auto merged = merge_generation_config(R"({"eos_token_id": "a"})", "g.json", c);
  ASSERT_FALSE(merged.ok());
  EXPECT_EQ(merged.error().file, "g.json");
  EXPECT_EQ(merged.error().field, "eos_token_id");
}

TEST(ModelConfigJson, SomethingElseThanAnObjectIsRefused) {
  for (const char* text : {"", "[]", "3", "null", "\"deepseek_v3\"", "{\"model_type\": \"llama\"} x"})
    EXPECT_FALSE(parse_config_json(text, "config.json").ok()) << text;
}

TEST(ModelConfigJson, PublishedQwen3IsRead) {
  const auto read = parse_config_json(
      R"({"architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
          "bos_token_id": 151643, "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu", "hidden_size": 1024,
          "initializer_range": 0.02,
          "intermediate_size": 3072, "max_position_embeddings": 40960, "max_window_layers": 28, "model_type": "qwen3",
          "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8, "rms_norm_eps": 1e-06,
          "rope_scaling": null, "rope_theta": 1000000, "sliding_window": null, "tie_word_embeddings": true,
          "torch_dtype": "bfloat16", "use_cache": true, "use_sliding_window": false, "vocab_size": 151936})",
      "config.json");
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(read->head_dim, 128);
  EXPECT_EQ(read->kv_heads, 8);
  EXPECT_TRUE(read->tie_embeddings && read->qk_norm == QkNorm::kPerHead);
  EXPECT_EQ(read->rope_theta, 1e6);
}

}  // namespace
}  // namespace hone::policy
