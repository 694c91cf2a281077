// manifest.json of a checkpoint: what the directory holds, and a checksum of the manifest itself.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/tensor_files.h"

namespace hone::trainer {

inline constexpr std::string_view kManifestFile = "manifest.json";
using policy::kModelFile;
using policy::kModelIndexFile;
inline constexpr std::string_view kOptimizerFile = "optimizer.safetensors";
inline constexpr std::string_view kStateFile = "state.json";

struct ManifestFile {
  std::string name;  // in the checkpoint's directory
  int64_t size = 0;
  std::string sha256;
};

struct Manifest {
  std::string stage;
  int64_t step = 0;
  int64_t optimizer_step = 0;
  int64_t sequence = 0;
  std::string sha256;  // of the state
  std::map<std::string, int64_t> offsets;
  std::vector<ManifestFile> files;  // without the manifest
};

// The one text of a manifest: any other text with the same meaning is refused by read_manifest.
std::string render_manifest(const Manifest& manifest);

// Reads checkpoint_dir/manifest.json. Error kCorrupt or kNotFound naming it.
Result<Manifest> read_manifest(const std::string& checkpoint_dir);

// Whether text may be a stage or a file in a checkpoint: [A-Za-z0-9._-]+, not beginning with a dot.
bool is_plain_name(std::string_view text);

}  // namespace hone::trainer
