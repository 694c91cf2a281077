// Checkpoints: immutable directories run/checkpoints/<stage>-<step>/ with
//   model.safetensors or its shards and their index, optimizer.safetensors (exp_avg.<name>, exp_avg_sq.<name>, and
//   master.<name> where the model's tensors are rounded), state.json, the caller's files (config.json, tokenizer.json,
//   ...) and manifest.json: a checksum of every file and of itself.
// A directory of that name is complete and durable: it is written under a temporary name, synced, read back and
// renamed. Files not named in the manifest are ignored.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "policy/safetensors.h"
#include "policy/tensor_files.h"

namespace hone::trainer {

struct CheckpointContents {
  std::string stage;  // [A-Za-z0-9._-]+, as run configuration allows
  int64_t step = 0;
  int64_t optimizer_step = 0;
  std::vector<policy::TensorOut> weights;   // as other programs read them
  std::vector<policy::TensorOut> masters;   // f32 values of weights that are written rounded, under their names
  std::vector<policy::TensorOut> moments;
  int64_t max_shard_bytes = INT64_MAX;
  nlohmann::json state;                    // what else resume needs: cursors, counters, identity of the configuration
  std::map<std::string, int64_t> offsets;  // lengths of the run's append-only files at this moment; "journal" is one
  std::vector<std::pair<std::string, std::string>> extra_files;  // name, content
  std::string state_sha256;  // state_sha256() of these tensors where the caller has it already; computed if empty
};

// Milliseconds of one save.
struct SaveTimes {
  double hash = 0, write = 0, sync = 0, verify = 0, publish = 0;
};

struct CheckpointInfo {
  std::string path;  // absolute
  std::string stage;
  int64_t step = 0;
  int64_t sequence = 0;  // counts the checkpoints of the run as they were made, from 1
  std::string sha256;    // state_sha256 of its tensors
  int64_t bytes = 0;
  SaveTimes times;       // of save_checkpoint only
};

// SHA-256 over weights, then moments, each sorted by name (name, dtype, shape, bytes), then the optimizer step.
std::string state_sha256(std::span<const policy::TensorOut> weights, std::span<const policy::TensorOut> moments,
                         int64_t optimizer_step);
// The hash that `hone verify` prints: of the weights, masters in place of those that are rounded, moments and optimizer
// step. Equal bits give equal hashes, whatever the files look like.
std::string state_sha256(const CheckpointContents& contents);

// Durable when it returns. An existing checkpoint of the same stage and step is replaced in one step. On an Error (a
// full disk is kIo) nothing of it is left and all others are untouched.
Result<CheckpointInfo> save_checkpoint(const std::string& run_dir, const CheckpointContents& contents);

struct CheckpointStatus {
  std::string path;  // absolute
  std::string stage;
  int64_t step = 0;
  std::string sha256;  // empty when the manifest is unreadable
  bool ok = false;
  std::string problem;  // names the damaged file; empty when ok
};

// Reads every byte and compares every checksum. Stage and step come from the directory's name when the manifest is
// damaged.
CheckpointStatus verify_checkpoint(const std::string& path);

// Absolute paths in the order they were made. One whose manifest is unreadable stands after those of its stage with
// smaller steps. A run without checkpoints gives an empty list.
Result<std::vector<std::string>> list_checkpoints(const std::string& run_dir);

// Files stay mapped while this lives.
struct LoadedCheckpoint {
  CheckpointInfo info;
  int64_t optimizer_step = 0;
  policy::TensorFiles model;
  policy::SafetensorsFile optimizer;
  nlohmann::json state;
  std::map<std::string, int64_t> offsets;
};

// Verifies all checksums first. Error kCorrupt (kNotFound for a missing file) naming the file.
Result<LoadedCheckpoint> load_checkpoint(const std::string& path);

// The newest checkpoint that verifies; calls on_skip for each newer one that does not. kNotFound only when the run has
// no checkpoint at all; kCorrupt when it has some and none is good, so that a run is never silently begun anew.
Result<LoadedCheckpoint> latest_good(const std::string& run_dir,
                                     const std::function<void(const CheckpointStatus&)>& on_skip);

// Moves a damaged checkpoint out of the list, to checkpoints/.damaged-<name>, replacing an older one there.
Result<void> set_aside(const std::string& path);

// Removes all but the last `keep`, the first and the last of each stage, the `protected_paths` and the unreadable.
// A kill at any moment leaves whole checkpoints and temporary names. Returns the paths removed.
Result<std::vector<std::string>> apply_retention(const std::string& run_dir, int keep,
                                                 std::span<const std::string> protected_paths);

// Removes what killed writes left under the run directory. Requires the run's lock.
Result<void> clean_leftovers(const std::string& run_dir);

}  // namespace hone::trainer
