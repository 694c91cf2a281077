// Runs of the whole pipeline in this process that take a fraction of a second. The base stage imitates answers of a
// file, "1" or "2" at random, so that after it about half of the sampled answers are right and groups differ.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "tests/support/temp_dir.h"
#include "trainer/pipeline.h"
#include "trainer/verify.h"

namespace hone::trainer {

inline constexpr const char* kTinyRun = R"(
run: {name: tiny, seed: 3}
policy: {hidden_size: 16, layers: 2, heads: 2, experts: 4, kv_lora_rank: 8, qk_nope_head_dim: 4, qk_rope_head_dim: 4,
         v_head_dim: 4, max_positions: 40}
rollout: {max_sequences: 16, prefill_chunk: 32}
stages:
  - name: base
    kind: pretrain
    steps: 30
    data: {path: rows.jsonl}
    rows_per_step: 16
    learning_rate: 2.0e-2
    eval: {at_end: false}
  - name: zero
    kind: grpo
    steps: 4
    data: {path: rows.jsonl}
    prompts_per_step: 3
    group_size: 4
    max_new_tokens: 12
    learning_rate: 5.0e-3
    entropy_coef: 0.01
    rewards: [{checker: answer}, {checker: format, weight: 0.1}]
    eval: {problems: 4, samples: 2, every: 2}
)";

// Shrinks the base stage where only the form of the run matters.
inline constexpr const char* kShortBase = "stages.base.steps=3";

inline std::string tiny_rows() {
  std::string out;
  for (int i = 0; i < 24; ++i) {
    const std::string answer = i * 7 % 5 % 2 ? "1" : "2";
    const nlohmann::json row = {{"prompt", "0" + std::to_string(i % 10) + "+" + std::to_string(i % 7) + "="},
                                {"gold", answer},
                                {"completion", "<think>" + answer + "</think><answer>" + answer + "</answer>"}};
    out += row.dump() + "\n";
  }
  return out;
}

// What a run did, and where to stop it.
class Watcher : public RunObserver {
 public:
  void step_done(const StageConfig& stage, const StepProgress& progress) override {
    steps.push_back(stage.name + "-" + std::to_string(progress.step));
    if (steps.back() == stop_after) stop = true;
  }
  void sample_shown(const StageConfig& stage, int64_t step, const ShownSample&) override {
    if (stage.name + "-" + std::to_string(step) == stop_before_row_of) stop = true;
  }
  void event(const std::string& event, const std::string& detail) override { events.emplace_back(event, detail); }

  std::string stop_after, stop_before_row_of;  // "zero-2"
  std::atomic<bool> stop{false};
  std::vector<std::string> steps;
  std::vector<std::pair<std::string, std::string>> events;
};

class TinyRun {
 public:
  explicit TinyRun(std::vector<std::string> arguments = {}, const std::string& yaml = kTinyRun)
      : arguments_(std::move(arguments)) {
    std::ofstream(dir_.file("tiny.yaml")) << yaml;
    std::ofstream(dir_.file("rows.jsonl")) << tiny_rows();
    arguments_.push_back("run.dir=" + path());
  }

  // Starts or resumes; `more` goes after the arguments of the constructor.
  Result<RunOutcome> start(Watcher& watcher, const std::vector<std::string>& more = {}, int threads = 2) {
    std::vector<std::string> arguments = arguments_;
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto loaded = load_run_config(dir_.file("tiny.yaml"), arguments);
    if (auto* errors = std::get_if<ConfigErrors>(&loaded)) return errors->errors.front();
    ThreadTeam team(threads);
    RunOptions options;
    options.until = until;
    options.stop = &watcher.stop;
    options.observer = &watcher;
    return run_pipeline(std::get<ResolvedConfig>(loaded), options, team);
  }
  Result<RunOutcome> start(const std::vector<std::string>& more = {}, int threads = 2) {
    Watcher watcher;
    return start(watcher, more, threads);
  }
  // To the end, which must be a good one; the final hash.
  std::string finish(const std::vector<std::string>& more = {}, int threads = 2) {
    const auto outcome = start(more, threads);
    EXPECT_TRUE(outcome.ok()) << outcome.error().to_string();
    return hash();
  }

  // Of the last checkpoint; empty when anything in the directory is damaged.
  std::string hash() const {
    const auto report = verify_target(path());
    EXPECT_TRUE(report.ok() && report->ok()) << (report.ok() ? report->to_json().dump(2) : report.error().to_string());
    return report.ok() && report->ok() && !report->checkpoints.empty() ? report->checkpoints.back().sha256 : "";
  }
  std::vector<nlohmann::json> rows(const std::string& name = "metrics.jsonl") const {
    std::ifstream in(path() + "/" + name);
    std::vector<nlohmann::json> out;
    for (std::string line; std::getline(in, line);) out.push_back(nlohmann::json::parse(line));
    return out;
  }
  // Rows without what depends on the clock or on when checkpoints were made.
  std::vector<nlohmann::json> lasting_rows() const {
    std::vector<nlohmann::json> out;
    for (const nlohmann::json& row : rows()) {
      nlohmann::json& kept = out.emplace_back(nlohmann::json::object());
      for (const auto& [key, value] : row.items())
        if (key != "time" && key != "tokens_per_second" && key.find("seconds") == std::string::npos) kept[key] = value;
    }
    return out;
  }
  std::string path() const { return dir_.file("run"); }
  std::string file(const std::string& name) const { return dir_.file(name); }

  std::string until;

 private:
  testing::TempDir dir_;
  std::vector<std::string> arguments_;
};

}  // namespace hone::trainer
