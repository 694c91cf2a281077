// The safetensors of a model directory, one file or shards, read and written as Hugging Face lays them out.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "policy/safetensors.h"

namespace hone::policy {

inline constexpr std::string_view kModelFile = "model.safetensors";
inline constexpr std::string_view kModelIndexFile = "model.safetensors.index.json";

class TensorFiles {
 public:
  // model.safetensors; else the files that model.safetensors.index.json names; else every model-*.safetensors. Errors
  // of the files (SafetensorsFile::open), a tensor that two files have, one that the index promises and its file lacks.
  static Result<TensorFiles> open(const std::string& directory);

  // nullptr if there is none. Views live as long as this object, also after a move.
  const TensorView* find(std::string_view name) const;
  // Where the tensor of that name lies; the directory for a name that is nowhere.
  const std::string& file_of(std::string_view name) const;
  const std::vector<SafetensorsFile>& files() const { return files_; }
  const std::string& directory() const { return directory_; }

 private:
  explicit TensorFiles(std::string directory) : directory_(std::move(directory)) {}
  Result<void> add(const std::string& name);
  Result<void> read_index(const std::string& path);

  std::string directory_;
  std::vector<SafetensorsFile> files_;
  std::map<std::string, std::pair<size_t, size_t>, std::less<>> places_;  // file, tensor in it
};

// One file of a model directory that is to be written.
struct Shard {
  std::string name;  // model.safetensors, or model-00001-of-0000N.safetensors
  std::vector<TensorOut> tensors;
};

// Fills shards in the order of the tensors up to max_bytes of data each; a larger tensor has one to itself.
std::vector<Shard> make_shards(std::vector<TensorOut> tensors, int64_t max_bytes);
// The text of model.safetensors.index.json; empty for a single file, which needs none.
std::string index_of(const std::vector<Shard>& shards);

}  // namespace hone::policy
