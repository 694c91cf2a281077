#include "policy/model_config.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

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
                                m.qk_rope_head_dim, m.experts,          m.qk_norm,       m.tie_embeddings,
                                int{m.bos_id},      int{m.eos_id},      int{m.pad_id}};
  };
  EXPECT_EQ(numbers(*read), numbers(c));
  EXPECT_EQ(read->attention, c.attention);
  EXPECT_EQ(read->rope_layout, c.rope_layout);
  EXPECT_EQ(read->norm_epsilon, c.norm_epsilon);
  EXPECT_EQ(read->rope_theta, c.rope_theta);
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
                           "max_position_embeddings", "eos_token_id"})
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
  return {"without_" + field, model, field, [field](Json& json) { json.erase(field); }};
}

Break with(const std::string& name, const std::string& model, const std::string& field, const Json& value) {
  return {name, model, field, [field, value](Json& json) { json[field] = value; }};
}

INSTANTIATE_TEST_SUITE_P(
    Breaks, BrokenConfig,
    testing::Values(
        without("mla_moe", "model_type"), without("mla_moe", "vocab_size"), without("mla_moe", "hidden_size"),
        without("mla_moe", "num_hidden_layers"), without("mla_moe", "num_attention_heads"),
        without("mla_moe", "kv_lora_rank"), without("mla_moe", "qk_nope_head_dim"), without("mla_moe", "v_head_dim"),
        without("mla_moe", "n_routed_experts"),
        without("mla_moe", "num_experts_per_tok"), without("mla_moe", "moe_intermediate_size"),
        with("unknown_architecture", "gqa_dense", "model_type", "gpt2"),
        with("architecture_number", "gqa_dense", "model_type", 3),
        with("quantized", "gqa_dense", "quantization_config", {{"quant_method", "fp8"}}),
        with("yarn", "mla_moe", "rope_scaling", {{"type", "yarn"}, {"factor", 40}}),
        with("llama3_rope", "llama_tied", "rope_parameters", {{"rope_type", "llama3"}}),
        with("rope_scaling_number", "gqa_dense", "rope_scaling", 2),
        with("rope_type_number", "gqa_dense", "rope_scaling", {{"rope_type", 7}}),
        with("rope_theta_text", "gqa_dense", "rope_theta", "big"),
        with("rope_theta_zero", "gqa_dense", "rope_theta", 0),
        with("norm_epsilon_text", "gqa_dense", "rms_norm_eps", "small"),
        with("tie_number", "gqa_dense", "tie_word_embeddings", 1),
        with("gelu", "gqa_dense", "hidden_act", "gelu"), with("attention_bias", "gqa_dense", "attention_bias", true),
        with("mlp_bias", "llama_tied", "mlp_bias", true), with("sliding", "gqa_dense", "sliding_window", 4096),
        with("odd_head", "gqa_dense", "head_dim", 7), with("odd_rope", "mla_moe", "qk_rope_head_dim", 7),
        with("kv_heads", "gqa_dense", "num_key_value_heads", 3), with("groups", "mla_moe", "n_group", 4),
        with("too_many_experts_a_token", "mla_moe", "num_experts_per_tok", 7),
        with("softmax_deepseek", "mla_moe", "scoring_func", "softmax"),
        with("greedy_deepseek", "mla_moe", "topk_method", "greedy"),
        with("sparse_every_second", "mla_moe", "moe_layer_freq", 2)),
    [](const auto& info) { return info.param.name; });

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
  EXPECT_TRUE(read->tie_embeddings && read->qk_norm);
  EXPECT_EQ(read->rope_theta, 1e6);
}

}  // namespace
}  // namespace hone::policy
