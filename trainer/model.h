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
#include "trainer/model_directory.h"
#include "trainer/run_config.h"

namespace hone::trainer {

struct Model {
  std::unique_ptr<policy::Weights> weights;
  // nullptr: a directory without tokenizer.json serves token ids only
  std::shared_ptr<const policy::Tokenizer> tokenizer;
  NamedTexts companions;                // files beside the weights, as they were read
  std::vector<policy::TensorOut> kept;  // tensors that hone does not run but writes back
  std::vector<std::string> notes;       // what a user should know of the loading
};

// The shape that the configuration describes, for a vocabulary of that size.
policy::ModelConfig model_shape(const PolicySection& policy, const policy::Tokenizer& tokenizer);

// Whether the policy can be trained and sampled there; the Error says what is missing.
Result<void> check_device(Device device);
// f32 or bf16. Requires check_device.
const kernels::Backend& backend_of(Device device, Dtype dtype);
policy::MlaForm form_of(MlaForm form);

// Weights of the configured shape (or that of policy.path) for `use`, without values: of an arena no page is taken
// before it is written. Errors name the field or file.
Result<Model> make_model(const RunConfig& config, policy::Use use);

struct LoadOptions {
  policy::MlaForm form = policy::MlaForm::kExpanded;  // of latent attention
  policy::Use use = policy::Use::kSample;
  std::optional<Dtype> dtype;  // f32 or bf16; what config.json names when left out
  bool values = true;          // false: the weights stay empty
  Device device = Device::kCpu;
};

// A directory with config.json, safetensors and perhaps a tokenizer. Missing, extra and misshapen tensors are all
// named.
Result<Model> load_model(const std::string& directory, const LoadOptions& options, const kernels::Stream& stream);

// The values of a directory whose model has the shape of these weights: for training the masters of a checkpoint that
// has them. `shape` must outlive the source.
Result<std::unique_ptr<policy::ParameterSource>> open_source(const std::string& directory, const policy::Weights& shape,
                                                             policy::Use use);
// The values that a run's seed gives a model made from scratch. `layout` must outlive the source.
std::unique_ptr<policy::ParameterSource> initial_parameters(const policy::ParameterLayout& layout,
                                                            const policy::ModelConfig& config, uint64_t seed);
// Takes the values of open_source.
Result<void> load_weights(const std::string& directory, policy::Weights& weights, const kernels::Stream& stream);

// state_sha256 of f32 values without moments.
std::string weights_sha256(const policy::ParameterSource& source, const policy::ParameterLayout& layout);

// All parameters by their names, f32, read when they are written. `base` is any f32 arena of the weights' layout in the
// memory of their backend; it must stay.
std::vector<policy::TensorOut> parameter_tensors(const policy::Weights& weights, const void* base,
                                                 const std::string& prefix);

// The tensors of model.safetensors: what the network computes with, in the weights' compact type; then those kept.
std::vector<policy::TensorOut> exported_tensors(const Model& model);
// config.json, generation_config.json and the files of tokenizer and chat template, as names and contents.
NamedTexts model_files(const Model& model);

// What a TARGET of the command line means: a run directory (its last good checkpoint), a checkpoint directory, or any
// model directory. Checkpoints are verified.
struct FoundTarget {
  std::string path;                  // the checkpoint or model directory
  std::vector<std::string> skipped;  // newer checkpoints that are damaged, each with its problem
  std::string stage;                 // of a checkpoint
};
Result<FoundTarget> find_target(const std::string& target);

struct OpenedTarget {
  std::string path;                  // the checkpoint or model directory that was opened
  std::vector<std::string> skipped;  // newer checkpoints that are damaged, each with its problem
  Model model;
  std::optional<RunConfig> config;   // of the run that the checkpoint belongs to
  std::optional<StageConfig> stage;  // the checkpoint's stage in it
};

// For sampling. dtype: as in LoadOptions.
Result<OpenedTarget> open_target(const std::string& target, const kernels::Stream& stream,
                                 std::optional<Dtype> dtype = {});

}  // namespace hone::trainer
