// Models as Hugging Face lays them out in directories: what lies beside the tensors, and which dtype they are meant in.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "policy/model_config.h"
#include "policy/tensor_files.h"
#include "trainer/run_config.h"

namespace hone::trainer {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;  // file names and contents

// A directory that was opened: of its tensors only the headers are read.
struct ModelDirectory {
  std::string path;
  policy::ModelConfig config;
  std::vector<std::string> notes;  // what a user should know
  std::shared_ptr<const policy::TensorFiles> tensors;
};

Result<ModelDirectory> open_model_directory(const std::string& path, policy::MlaForm form);
// Its config.json and generation_config.json alone.
Result<policy::ModelConfig> read_model_config(const std::string& directory);

// What a config.json asks for: bf16 for bfloat16, else f32.
Dtype dtype_of(policy::StoredType stored);

// Files of tokenizer, chat template, generation settings and code, as they are.
Result<NamedTexts> read_companions(const std::string& directory);

}  // namespace hone::trainer
