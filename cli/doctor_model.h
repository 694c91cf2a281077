// hone doctor --model: what a model takes, and whether this machine has it.
#pragma once

#include <cstdint>
#include <string>

namespace hone::cli {

struct ModelQuestion {
  std::string directory;
  std::string dtype;  // of add_dtype
  int64_t sequences = 8, tokens = 1024;
  bool json = false;
};

// Reads the configuration and the headers of the tensors, nothing else. Prints; returns the exit code.
int examine_model(const ModelQuestion& question);

}  // namespace hone::cli
