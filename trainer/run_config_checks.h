// What the schema cannot say of one field alone: derived values, and rules that bind several fields.
#pragma once

#include <initializer_list>
#include <string>

#include "base/schema.h"
#include "trainer/run_config.h"

namespace hone::trainer {

class ConfigChecks {
 public:
  // `binding` filled `config`; errors are added to it.
  ConfigChecks(RunConfig& config, Binding& binding) : config_(config), binding_(binding) {}

  // Fills derived values and reports every broken rule. `file` is what the user named.
  void resolve(const std::string& file);

 private:
  // Reports the problem at the first of the paths that was given. A rule over a value that is wrong by itself is not
  // judged.
  void require(bool holds, std::initializer_list<std::string> paths, const std::string& problem);

  void resolve_run(const std::string& file);
  void check_tokenizer();

  void resolve_policy();
  void resolve_dtype();
  void check_attention();
  void check_experts();
  void resolve_architecture();

  void resolve_stage(size_t i);
  void check_from(const StageConfig& stage, const std::string& path);
  void check_difficulty(const std::string& task, int64_t difficulty, const std::string& path);
  void check_data(const StageConfig& stage, const std::string& path);
  void check_grpo(const StageConfig& stage, const std::string& path);
  void resolve_rewards(StageConfig& stage, const std::string& path);
  void resolve_eval(size_t i, const std::string& path);

  RunConfig& config_;
  Binding& binding_;
};

}  // namespace hone::trainer
