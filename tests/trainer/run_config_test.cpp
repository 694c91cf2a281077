#include "trainer/run_config_load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "base/schema.h"
#include "trainer/run_config_resume.h"

namespace hone::trainer {
namespace {

using testing::HasSubstr;

constexpr const char* kBase = R"(
  - name: base
    kind: pretrain
    steps: 10
    data: {task: sum}
    learning_rate: 1e-3
)";
constexpr const char* kZero = R"(
  - name: zero
    kind: grpo
    steps: 10
    data: {task: sum}
    learning_rate: 1e-3
    rewards: [{checker: answer}, {checker: format, weight: 0.1}]
)";

std::string top(const std::string& text) { return text + "\nstages:" + kBase + kZero; }
std::string base(const std::string& lines) { return std::string("stages:") + kBase + lines + kZero; }
std::string zero(const std::string& lines) { return std::string("stages:") + kBase + kZero + lines; }

using Arguments = std::vector<std::string>;

// Loads texts as files of a directory of the test's own.
class ConfigTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(dir_); }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(dir_ + "/" + name) << text;
    return dir_ + "/" + name;
  }
  std::variant<ResolvedConfig, ConfigErrors> load(const std::string& text, const Arguments& arguments = {}) {
    return load_run_config(write("test.yaml", text), arguments);
  }
  ResolvedConfig loaded(const std::string& text, const Arguments& arguments = {}) {
    auto result = load(text, arguments);
    if (auto* errors = std::get_if<ConfigErrors>(&result)) {
      ADD_FAILURE() << errors->to_string();
      return {};
    }
    return std::get<ResolvedConfig>(std::move(result));
  }
  // The errors, with the directory left out of paths.
  std::string errors(const std::string& text, const Arguments& arguments = {}) {
    auto result = load(text, arguments);
    auto* errors = std::get_if<ConfigErrors>(&result);
    if (errors == nullptr) return "";
    std::string out = errors->to_string();
    for (size_t at; (at = out.find(dir_ + "/")) != std::string::npos;) out.erase(at, dir_.size() + 1);
    return out;
  }

  const std::string dir_ =
      testing::TempDir() + "/config_" + testing::UnitTest::GetInstance()->current_test_info()->name();
};

// A configuration with one mistake; @ stands where the error must point and is not part of the text.
struct Broken {
  std::string text;
  std::string message;  // of the first error, from the path on
};

std::string place_of_mark(std::string& text) {
  const size_t mark = text.find('@');
  const std::string before = text.substr(0, mark);
  text.erase(mark, 1);
  const size_t line_start = before.find_last_of('\n');
  const size_t column = line_start == std::string::npos ? mark + 1 : mark - line_start;
  return str("test.yaml:", 1 + std::count(before.begin(), before.end(), '\n'), ":", column, ": ");
}

std::vector<Broken> broken_values() {
  return {
      {base("    @learning_rte: 1\n"), "stages.base.learning_rte: unknown key; did you mean 'learning_rate'?"},
      {top("run: {@sede: 1}"), "run.sede: unknown key; did you mean 'seed'?"},
      {top("@group_size: 4"), "group_size: unknown key; it belongs under stages.<name>"},
      {base("    @chain_share: 0.5\n"), "stages.base.chain_share: unknown key; it belongs under stages.<name>.data"},
      {top("@zebra: 4"), "zebra: unknown key"},
      {base("    @steps: 5\n"), "duplicate key 'steps', first given in line 4"},
      {top("run: {@<<: {seed: 1}}"), "merge keys (<<) are not supported"},
      {base("    @group_size: 4\n"), "stages.base.group_size: belongs to kind grpo; here kind is pretrain"},
      {zero("    @rows_per_step: 4\n"),
       "stages.zero.rows_per_step: belongs to kind pretrain or sft; here kind is grpo"},
      {top("run: {threads: @yes}"), "run.threads: expected a whole number, not 'yes'"},
      {top("run: {threads: @1.5}"), "run.threads: expected a whole number, not '1.5'"},
      {top("run: {threads: @'4'}"), "run.threads: expected a whole number, not the text \"4\""},
      {top("run: {threads: @-1}"), "run.threads: -1 is out of bounds: at least 0 and at most 1024"},
      {top("run: {seed: @-1}"), "run.seed: expected a whole number of 0 or more, not '-1'"},
      {top("run: {seed: @18446744073709551616}"), "run.seed: 18446744073709551616 is out of bounds"},
      {top("run: {seed: @[1]}"), "run.seed: expected whole number, 0 to 18446744073709551615; found a list"},
      {top("run: {name: @{a: b}}"), "run.name: expected text; found a map"},
      {top("run: {name: @a/b}"), "run.name: 'a/b' cannot name a directory"},
      {top("run: @quick"), "run: expected a map, not 'quick'"},
      {top("run: {device: @gpu}"), "run.device: expected one of cpu, cuda, not 'gpu'; did you mean 'cpu'?"},
      {base("    weight_decay: @1e400\n"), "stages.base.weight_decay: 1e400 does not fit into a 64-bit float"},
      {base("    weight_decay: @.nan\n"), "stages.base.weight_decay: expected a number, not '.nan'"},
      {base("    weight_decay: @inf\n"), "stages.base.weight_decay: expected a number, not 'inf'"},
      {top("rollout: {max_sequences: @0}"), "rollout.max_sequences: 0 is out of bounds"},
      {top("checkpoint: {keep: @three}"), "checkpoint.keep: expected a whole number, not 'three'"},
      {top("tokenizer: {characters: @abca}"), "tokenizer.characters: 'a' is given twice"},
      {top("extends: @none.yaml"), "extends: none.yaml: "},
      {top("extends: @test.yaml"), "extends: extends itself"},
      {"run: {seed: 1}\nstages: @[]\n", "stages: a run needs at least one stage"},
      {"@run: {seed: 1}\n", "stages: missing"},
      {"@[1, 2]\n", "expected a map at the top, not a list"},
      {"stages: @{base: {steps: 1}}\n", "stages: expected a list of maps, not a map"},
      {"stages:\n  - @base\n", "stages[0]: expected a map, not 'base'"},
      {"@", "the file is empty"},
  };
}

std::vector<Broken> broken_stages() {
  return {
      {base("    warmup_steps: @11\n"), "stages.base.warmup_steps: warmup_steps (11) exceeds steps (10)"},
      {base("    schedule: @cosin\n"),
       "stages.base.schedule: expected one of auto, constant, cosine, not 'cosin'; did you mean 'cosine'?"},
      {zero("    share_prompt: @yes\n"), "stages.zero.share_prompt: expected true or false, not 'yes'"},
      {zero("    top_p: @0.9\n"),
       "stages.zero.top_p: grpo trains on the full distribution that it samples: top_p must be 1, not 0.9"},
      {zero("    top_k: @50\n"), "stages.zero.top_k: grpo trains on the full distribution"},
      {zero("    temperature: @0\n"), "stages.zero.temperature: 0 is out of bounds: greater than 0 and at most 100"},
      {zero("    group_size: @1\n"), "stages.zero.group_size: an answer is judged against the others"},
      {zero("    max_new_tokens: @256\n"),
       "stages.zero.max_new_tokens: max_new_tokens (256) must be below policy.max_positions (256)"},
      {zero("    filter: {refill_rounds: @2}\n"), "stages.zero.filter.refill_rounds: nothing is left out"},
      {zero("    reference: @runs/old\n"), "stages.zero.reference: has no effect while kl_coef is 0"},
      {zero("    from: @base\n"), "stages.zero.from: 'base' is a stage"},
      {zero("    stop: @x\n"), "stages.zero.stop: expected a list of texts, not 'x'"},
      {zero("    eval: {task: sum, path: @a.jsonl}\n"), "stages.zero.eval.path: has task (sum) and path ("},
      {base("  - {name: @base, kind: sft, steps: 1, data: {task: sum}, learning_rate: 1}\n"),
       "stages[1].name: a stage before this one has the name 'base'"},
      {base("  - {name: @A b, kind: sft, steps: 1, data: {task: sum}, learning_rate: 1}\n"),
       "stages[1].name: 'A b' is not a name"},
      {base("  - @{name: x, kind: sft, data: {task: sum}, learning_rate: 1}\n"),
       "stages.x.steps: missing; expected whole number, at least 1"},
      {base("  - {name: x, kind: sft, steps: 1, @data: {}, learning_rate: 1}\n"),
       "stages.x.data: needs a task or a path"},
      {base("  - {name: x, kind: sft, steps: 1, data: {task: @smu}, learning_rate: 1}\n"),
       "stages.x.data.task: expected one of running_sum, sum, "},
      {base("  - {name: x, kind: sft, steps: 1, data: {task: sum, template: @hi}, learning_rate: 1}\n"),
       "stages.x.data.template: must be auto, none, r1_zero, chat, or a text that holds {prompt} once, not 'hi'"},
      {base("  - {name: x, kind: sft, steps: 1, data: {path: a, completion_template: @hi}, learning_rate: 1}\n"),
       "stages.x.data.completion_template: must hold {completion} or {gold}: 'hi'"},
      {base("  - {name: x, kind: sft, steps: 1, data: {path: a, format: @gsm}, learning_rate: 1}\n"),
       "stages.x.data.format: expected one of auto, hone, verl, trl, gsm8k, math, dapo, not 'gsm'"},
      {base("  - {name: x, kind: sft, epochs: 2, @steps: 1, data: {path: a}, learning_rate: 1}\n"),
       "stages.x.steps: belongs to a stage without epochs; here epochs is 2"},
      {base("  - {name: x, kind: sft, epochs: @2, data: {task: sum}, learning_rate: 1}\n"),
       "stages.x.epochs: are passes over a file; a task has no end"},
      {base("  - {name: x, kind: grpo, @epochs: 2, data: {task: sum}, learning_rate: 1, "
            "rewards: [{checker: answer}]}\n"),
       "stages.x.epochs: belongs to kind pretrain or sft; here kind is grpo"},
      {base("  - {name: x, kind: sft, steps: 1, data: {path: a, @chain_share: 1}, learning_rate: 1}\n"),
       "stages.x.data.chain_share: belongs to generated data; here path is "},
      {base("  - {name: x, kind: sft, steps: 1, data: {task: sum, @shuffle: true}, learning_rate: 1}\n"),
       "stages.x.data.shuffle: belongs to data of a file; here path is not given"},
      {base("  - @{name: x, kind: grpo, steps: 1, data: {task: sum}, learning_rate: 1}\n"),
       "stages.x.rewards: missing"},
      {base("  - {name: x, kind: grpo, steps: 1, data: {task: sum}, learning_rate: 1, rewards: @[]}\n"),
       "stages.x.rewards: grpo needs at least one reward"},
      {base("  - {name: x, kind: grpo, steps: 1, data: {task: sum}, learning_rate: 1, rewards: "
            "[{checker: @anwser}]}\n"),
       "stages.x.rewards.anwser.checker: expected one of answer, code, "},
      {base("  - {name: x, kind: grpo, steps: 1, data: {task: sum}, learning_rate: 1, rewards: [{checker: answer, "
            "@min_reasoning_tokens: 1}]}\n"),
       "stages.x.rewards.answer.min_reasoning_tokens: belongs to checker format; here checker is answer"},
      {base("  - {name: x, kind: grpo, steps: 1, data: {task: sum}, learning_rate: 1, rewards: [{checker: answer}, "
            "{checker: @answer}]}\n"),
       "stages.x.rewards[1].checker: a reward before this one has the name 'answer'"},
  };
}

std::vector<Broken> broken_policies() {
  return {
      {top("policy: {attention: gqa, @kv_lora_rank: 8}"), "policy.kv_lora_rank: belongs to attention mla"},
      {top("policy: {attention: gqa, kv_heads: @3}"),
       "policy.kv_heads: heads (4) must be divisible by kv_heads (3)"},
      {top("policy: {attention: gqa, hidden_size: 64, heads: @5}"),
       "policy.heads: hidden_size (64) must be divisible by heads (5)"},
      {top("policy: {attention: gqa, head_dim: @15}"),
       "policy.head_dim: rotary positions need an even head_dim, not 15"},
      {top("policy: {qk_rope_head_dim: @7}"), "policy.qk_rope_head_dim: rotary positions need an even width, not 7"},
      {top("policy: {experts: 4, experts_per_token: @5}"),
       "policy.experts_per_token: experts_per_token (5) exceeds experts (4)"},
      {top("policy: {experts: 8, expert_groups: @3}"),
       "policy.expert_groups: experts (8) must be divisible by expert_groups (3)"},
      {top("policy: {expert_groups: 2, expert_group_limit: @3}"), "policy.expert_group_limit: expert_group_limit (3)"},
      {top("policy: {layers: 2, dense_layers: @3}"), "policy.dense_layers: dense_layers (3) exceeds layers (2)"},
      {top("policy: {experts: 0, @shared_experts: 1}"),
       "policy.shared_experts: belongs to a policy with experts; here experts is 0"},
      {top("policy: {path: /m, @layers: 3}"), "policy.layers: belongs to a policy made from scratch; here path is /m"},
      {top("policy: {path: /m}\n@tokenizer: {characters: abc}"), "tokenizer: belongs to a policy made from scratch"},
      {top("policy: {architecture: @qwen3}"), "policy.architecture: architecture qwen3 has attention gqa, not mla"},
      {top("policy: {attention: gqa, experts: 8, architecture: @llama}"),
       "policy.architecture: architecture llama is dense; experts is 8"},
      {top("policy: {scoring: @softmax}"),
       "policy.scoring: architecture deepseek_v3 scores its experts by sigmoid, not softmax"},
  };
}

TEST_F(ConfigTest, EveryMistakeIsReportedAtItsPlace) {
  std::vector<Broken> all = broken_values();
  for (const auto& more : {broken_stages(), broken_policies()}) all.insert(all.end(), more.begin(), more.end());
  for (const Broken& each : all) {
    std::string text = each.text;
    const std::string place = place_of_mark(text);
    const std::string found = errors(text);
    EXPECT_THAT(found, testing::StartsWith(place + each.message)) << text;
    EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 1) << "more than the one mistake:\n" << found;
  }
}

TEST_F(ConfigTest, AllMistakesAreReportedAtOnceInOrder) {
  const std::string found = errors("run: {sede: 1, threads: -1}\n" + zero("    top_p: 2\n    grup_size: 4\n"),
                                   {"policy.heads=0", "polcy.heads=4"});
  EXPECT_EQ(found,
            "test.yaml:1:7: run.sede: unknown key; did you mean 'seed'?\n"
            "test.yaml:1:25: run.threads: -1 is out of bounds: at least 0 and at most 1024\n"
            "test.yaml:15:12: stages.zero.top_p: 2 is out of bounds: at least 0 and at most 1\n"
            "test.yaml:16:5: stages.zero.grup_size: unknown key; did you mean 'group_size'?\n"
            "command line 'policy.heads=0': policy.heads: 0 is out of bounds: at least 1 and at most 1024\n"
            "command line 'polcy.heads=4': polcy: unknown key; did you mean 'policy'?\n");
}

TEST_F(ConfigTest, MissingKindDoesNotMakeItsKeysWrong) {
  EXPECT_EQ(errors("stages:\n  - {name: a, steps: 1, data: {task: sum}, learning_rate: 1, group_size: 4}\n"),
            "test.yaml:2:5: stages.a.kind: missing; expected pretrain | sft | grpo\n");
}

TEST_F(ConfigTest, FillsDerivedValues) {
  const RunConfig config =
      loaded(top("policy: {attention: gqa, scoring: softmax, shared_experts: 0, hidden_size: 96}")).config;
  EXPECT_EQ(config.run.name, "test");
  EXPECT_EQ(config.run.dir, "runs/test");
  EXPECT_EQ(config.policy.architecture, Architecture::kQwen3Moe);
  EXPECT_EQ(config.policy.intermediate_size, 192);
  EXPECT_EQ(config.policy.moe_intermediate_size, 96);
  EXPECT_EQ(config.policy.kv_heads, 4);
  EXPECT_EQ(config.policy.head_dim, 24);
  EXPECT_DOUBLE_EQ(config.policy.init_std, 0.7 / std::sqrt(96.0));
  EXPECT_EQ(config.stages[0].schedule, Schedule::kCosine);
  EXPECT_EQ(config.stages[1].schedule, Schedule::kConstant);
  EXPECT_EQ(config.stages[1].checkpoint_every, 1);
  EXPECT_EQ(config.stages[0].data.chain_share_late, 1.0);
  EXPECT_EQ(config.stages[0].eval.task, "sum");
  EXPECT_EQ(config.stages[0].eval.checker, "answer");
  EXPECT_EQ(config.stages[0].eval.max_new_tokens, 64);
  EXPECT_EQ(config.stages[1].rewards[1].name, "format");
}

TEST_F(ConfigTest, CheckersGetTheirOptionsAsJson) {
  const RunConfig config =
      loaded(base("  - {name: x, kind: grpo, steps: 1, data: {task: sum}, learning_rate: 1, rewards: "
                  "[{checker: format, min_reasoning_tokens: 3, correct_at: 0.5}, {checker: answer}]}\n"))
          .config;
  const auto options = nlohmann::json::parse(config.stages[1].rewards[0].options);
  EXPECT_EQ(options, (nlohmann::json{{"min_reasoning_tokens", 3}, {"correct_at", 0.5}}));
  EXPECT_EQ(config.stages[1].rewards[1].options, "{}");
}

TEST_F(ConfigTest, ArgumentsWinOverTheFileAndNullTakesTheDefault) {
  const RunConfig config = loaded(top("run: {seed: 3, threads: 2}"),
                                  {"stages.zero.steps=99", "run.seed=7", "run.threads=null", "policy.heads=2",
                                   "stages.zero.rewards.format.weight=0.5"})
                               .config;
  EXPECT_EQ(config.stages[1].steps, 99);
  EXPECT_EQ(config.run.seed, 7u);
  EXPECT_EQ(config.run.threads, 0);
  EXPECT_EQ(config.policy.heads, 2);
  EXPECT_EQ(config.stages[1].rewards[1].weight, 0.5);
}

TEST_F(ConfigTest, FilesAreRelativeToTheConfigurationTargetsAreNot) {
  const RunConfig config =
      loaded(base("  - {name: x, kind: sft, steps: 1, data: {path: d/rows.jsonl}, learning_rate: 1, from: runs/old}\n"))
          .config;
  EXPECT_EQ(config.stages[1].data.path, std::filesystem::path(dir_ + "/d/rows.jsonl").lexically_normal().string());
  EXPECT_EQ(config.stages[1].from, "runs/old");
  EXPECT_EQ(config.stages[1].eval.name, "rows");
}

TEST_F(ConfigTest, TheDumpNamesTheOriginOfEveryValue) {
  const ResolvedConfig resolved = loaded("run: {name: x}\n" + base(""), {"run.seed=7"});
  const std::string dump = resolved.to_yaml();
  EXPECT_THAT(dump, HasSubstr("  name: x  # " + dir_ + "/test.yaml:1\n"));
  EXPECT_THAT(dump, HasSubstr("  seed: 7  # command line 'run.seed=7'\n"));
  EXPECT_THAT(dump, HasSubstr("  threads: 0  # default\n"));
  EXPECT_THAT(dump, HasSubstr("  intermediate_size: 128  # derived: 2 * hidden_size\n"));
  EXPECT_THAT(dump, HasSubstr("  - name: base  # " + dir_ + "/test.yaml:3\n"));
}

TEST_F(ConfigTest, TheDumpReadsBackAsTheSameConfiguration) {
  const std::string odd =
      R"(tokenizer: {characters: "ab\"\\ \n\té#:'{,", words: ['null', 'true', '- x', "a: b"]})";
  std::vector<ResolvedConfig> configs = {
      loaded(top(odd)), loaded(top("policy: {path: m}")), loaded(top("policy: {attention: gqa, experts: 0}")),
      loaded(zero("    stop: [\"\\u0001\", '~', '\"']\n    kl_coef: 0.1\n    reference: 'a # b'\n")),
      loaded("run: {seed: 18446744073709551615}\n" + base("    eval: {every: 5, path: x.jsonl}\n"))};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(HONE_SOURCE_DIR "/configs")) {
    if (entry.path().extension() != ".yaml") continue;
    auto shipped = load_run_config(entry.path().string());
    ASSERT_TRUE(std::holds_alternative<ResolvedConfig>(shipped)) << std::get<ConfigErrors>(shipped).to_string();
    configs.push_back(std::get<ResolvedConfig>(std::move(shipped)));
  }
  EXPECT_GE(configs.size(), 10u);
  for (const ResolvedConfig& resolved : configs) {
    const ResolvedConfig again = loaded(resolved.to_yaml());
    RunConfig before = resolved.config, after = again.config;
    EXPECT_TRUE(compare_for_resume(before, after).empty()) << resolved.to_yaml();
    EXPECT_EQ(flatten(before.fields()).size(), flatten(after.fields()).size());
    for (size_t i = 0; i < before.stages.size(); ++i) {
      for (size_t j = 0; j < before.stages[i].rewards.size(); ++j) {
        EXPECT_EQ(before.stages[i].rewards[j].options, after.stages[i].rewards[j].options);
      }
    }
  }
}

void expect_in_schema(const Fields& fields, const nlohmann::json& schema, const std::string& path) {
  for (const Field& field : fields) {
    const std::string here = dotted(path, field.name);
    ASSERT_TRUE(schema["properties"].contains(field.name)) << here;
    const nlohmann::json& property = schema["properties"][field.name];
    EXPECT_FALSE(field.info.help.empty()) << here;
    EXPECT_THAT(property["description"].get<std::string>(), testing::StartsWith(field.info.help));
    if (auto* section = std::get_if<SectionView>(&field.view)) expect_in_schema(section->fields(), property, here);
    if (auto* list = std::get_if<ListView>(&field.view)) expect_in_schema(list->prototype(), property["items"], here);
  }
}

TEST(ConfigSchema, MentionsEveryField) {
  RunConfig defaults;
  const auto schema = nlohmann::json::parse(config_json_schema());
  expect_in_schema(defaults.fields(), schema, "");
  EXPECT_EQ(schema["properties"]["stages"]["items"]["properties"]["temperature"]["exclusiveMinimum"], 0.0);
  EXPECT_EQ(schema["properties"]["stages"]["items"]["properties"]["kind"]["enum"][2], "grpo");
  EXPECT_EQ(schema["additionalProperties"], false);
}

TEST(ConfigSchema, RequiresOnlyWhatEveryKindRequires) {
  const auto schema = nlohmann::json::parse(config_json_schema());
  EXPECT_EQ(schema["required"], nlohmann::json({"stages"}));
  EXPECT_EQ(schema["properties"]["stages"]["items"]["required"],
            nlohmann::json({"name", "kind", "data", "learning_rate"}));
}

TEST(ConfigSchema, ExplainsFieldsAndSections) {
  const std::string weight = *explain_config("stages.zero.rewards.format.weight");
  EXPECT_THAT(weight, HasSubstr("stages.<name>.rewards.<name>.weight\n  number, at least -1e+06"));
  EXPECT_EQ(weight, *explain_config("stages.rewards.weight"));
  EXPECT_THAT(*explain_config("stages.clip_low"), HasSubstr("Belongs to kind grpo."));
  EXPECT_THAT(*explain_config("policy"), HasSubstr("policy.kv_lora_rank"));
  EXPECT_THAT(*explain_config("stages"), HasSubstr("stages.<name>.learning_rate"));
  EXPECT_THAT(explain_config("policy.hedas").error().to_string(), HasSubstr("did you mean 'heads'?"));
}

class ResumeTest : public ConfigTest {
 protected:
  // "path: old -> new class" of every difference that the arguments make.
  std::vector<std::string> changes(const std::string& text, const std::vector<std::string>& arguments,
                                   size_t started = SIZE_MAX) {
    return changes_to(loaded(text), loaded(text, arguments), started);
  }
  std::vector<std::string> changes_to(const ResolvedConfig& before, const ResolvedConfig& now,
                                      size_t started = SIZE_MAX) {
    constexpr const char* kClasses[] = {"refused", "recorded", "free"};
    std::vector<std::string> out;
    for (const ConfigDifference& d : compare_for_resume(before.config, now.config, started)) {
      out.push_back(d.path + ": " + d.old_value + " -> " + d.new_value + " " + kClasses[static_cast<int>(d.change)]);
    }
    return out;
  }
};

using testing::ElementsAre;

TEST_F(ResumeTest, HowItRunsIsFree) {
  EXPECT_THAT(changes(top(""), {"run.threads=2", "rollout.prefill_chunk=64", "checkpoint.keep=9", "rollouts.every=0"}),
              ElementsAre("run.threads: 0 -> 2 free", "rollout.prefill_chunk: 2048 -> 64 free",
                          "checkpoint.keep: 3 -> 9 free", "rollouts.every: 1 -> 0 free"));
}

TEST_F(ResumeTest, WhatItLearnsIsRefused) {
  EXPECT_THAT(changes(top(""), {"run.seed=2", "stages.base.token_budget=512"}),
              ElementsAre("run.seed: 1 -> 2 refused", "stages.base.token_budget: 8192 -> 512 refused"));
}

TEST_F(ResumeTest, MoreStepsOfTheLastStageUnderAConstantScheduleAreRecorded) {
  EXPECT_THAT(changes(top(""), {"stages.zero.steps=20"}), ElementsAre("stages.zero.steps: 10 -> 20 recorded"));
  EXPECT_THAT(changes(top(""), {"stages.zero.steps=5"}), ElementsAre("stages.zero.steps: 10 -> 5 refused"));
  EXPECT_THAT(changes(zero("    schedule: cosine\n"), {"stages.zero.steps=20"}),
              ElementsAre("stages.zero.steps: 10 -> 20 refused"));
}

TEST_F(ResumeTest, MoreStepsOfAFinishedStageAreRefused) {
  EXPECT_THAT(changes(base("    schedule: constant\n"), {"stages.base.steps=20"}, 2),
              ElementsAre("stages.base.steps: 10 -> 20 refused"));
  EXPECT_THAT(changes(base("    schedule: constant\n"), {"stages.base.steps=20"}, 1),
              ElementsAre("stages.base.steps: 10 -> 20 recorded"));
}

TEST_F(ResumeTest, MoreStepsOfACorpusThatChangesOnTheWayAreRefused) {
  const std::string text = "stages:\n  - {name: base, kind: pretrain, steps: 10, learning_rate: 1, schedule: constant, "
                           "data: {task: sum, chain_share_late: 0.1}}\n";
  EXPECT_THAT(changes(text, {"stages.base.steps=20"}), ElementsAre("stages.base.steps: 10 -> 20 refused"));
}

TEST_F(ResumeTest, LaterStagesMayChange) {
  EXPECT_THAT(changes(top(""), {"stages.zero.learning_rate=0.5"}, 1),
              ElementsAre("stages.zero.learning_rate: 0.001 -> 0.5 recorded"));
  const std::string one = std::string("stages:") + kBase;
  EXPECT_THAT(changes_to(loaded(one), loaded(one + kZero)), ElementsAre("stages.zero:  -> a stage recorded"));
  EXPECT_THAT(changes_to(loaded(one + kZero), loaded(one)), ElementsAre("stages.zero: a stage ->  refused"));
  EXPECT_THAT(changes_to(loaded(one + kZero), loaded(one), 1), ElementsAre("stages.zero: a stage ->  recorded"));
}

TEST_F(ConfigTest, GarbledFilesNeverCrash) {
  const std::string text = top("run: {name: x, seed: 1}\npolicy: &p\n  heads: 4\n  # a comment\n  layers: 2");
  constexpr std::string_view kGarbage("\0\xff[{&*!|\"\n\t:-", 13);
  for (size_t i = 0; i < text.size(); ++i) {
    load(text.substr(0, i));
    std::string garbled = text;
    garbled[i] = kGarbage[i % kGarbage.size()];
    load(garbled);
    garbled.erase(i, 1);
    load(garbled);
  }
}

}  // namespace
}  // namespace hone::trainer
