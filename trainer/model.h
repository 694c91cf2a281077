// A policy with its tokenizer, made or loaded, and written as Hugging Face directories.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "policy/tokenizer.h"
#include "policy/weights.h"
#include "trainer/checkpoint.h"
#include "trainer/run_config.h"

namespace hone::trainer {

struct Model {
  std::unique_ptr<policy::Weights> weights;
  std::shared_ptr<const policy::Tokenizer>
      tokenizer;  // nullptr: a directory without tokenizer.json serves token ids only
};

// The shape that the configuration describes, for a vocabulary of that size.
policy::ModelConfig model_shape(const PolicySection& policy, const policy::Tokenizer& tokenizer);

// Fresh weights of the configured shape (or those of policy.path), packed. Errors name the field or file.
Result<Model> make_model(const RunConfig& config, const kernels::Stream& stream);

// config.json, model.safetensors and tokenizer.json (if any) of a directory. Missing, extra and misshapen tensors are
// all named. `form` of latent attention; `trainable` also prepares for gradients.
Result<Model> load_model(const std::string& directory, policy::MlaForm form, bool trainable,
                         const kernels::Stream& stream);

// Copies tensors of a safetensors file into the weights, by name. Does not repack.
Result<void> read_weights(const policy::SafetensorsFile& file, const std::string& path, policy::Weights& weights);

// Views of all parameters by their names; data stays in the weights. `base` is any arena of the weights' layout.
std::vector<policy::TensorView> parameter_views(const policy::Weights& weights, const void* base,
                                                const std::string& prefix);

// config.json, generation_config.json, tokenizer.json, tokenizer_config.json as names and contents.
std::vector<std::pair<std::string, std::string>> model_files(const Model& model);

// What a TARGET of the command line means.
struct OpenedTarget {
  std::string path;                  // the checkpoint or model directory that was opened
  std::vector<std::string> skipped;  // newer checkpoints that are damaged, each with its problem
  Model model;
  std::optional<RunConfig> config;   // of the run that the checkpoint belongs to
  std::optional<StageConfig> stage;  // the checkpoint's stage in it
};

// TARGET: a run directory (its last good checkpoint), a checkpoint directory, or any model directory.
Result<OpenedTarget> open_target(const std::string& target, const kernels::Stream& stream);

}  // namespace hone::trainer
