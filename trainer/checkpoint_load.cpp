#include <algorithm>

#include "base/file.h"
#include "base/hash.h"
#include "base/json_reader.h"
#include "policy/file_parameters.h"
#include "trainer/checkpoint.h"
#include "trainer/checkpoint_list.h"
#include "trainer/manifest.h"

namespace hone::trainer {
namespace {

Error corrupt(const std::string& file, std::string message) {
  return Error{.code = ErrorCode::kCorrupt, .message = std::move(message), .file = file};
}

Result<void> check_size(const std::string& path, int64_t expected) {
  HONE_TRY_ASSIGN(const int64_t size, file_size(path));
  if (size != expected) return corrupt(path, str(size, " bytes, the manifest says ", expected));
  return {};
}

Result<void> check_sha256(const std::string& path, const std::string& expected) {
  HONE_TRY_ASSIGN(const MappedFile file, MappedFile::open(path));
  Sha256 hash;
  pass_through(file.bytes(), [&](std::span<const std::byte> piece) { hash.update(piece); });
  if (to_hex(hash.finish()) != expected) return corrupt(path, "checksum does not match");
  return {};
}

CheckpointInfo info_of(const std::string& path, const Manifest& manifest) {
  CheckpointInfo info{path, manifest.stage, manifest.step, manifest.sequence, manifest.sha256};
  for (const ManifestFile& file : manifest.files) info.bytes += file.size;
  return info;
}

Result<LoadedCheckpoint> open_files(const std::string& path, const Manifest& manifest) {
  HONE_TRY_ASSIGN(policy::TensorFiles model, policy::TensorFiles::open(path));
  HONE_TRY_ASSIGN(policy::SafetensorsFile optimizer, policy::SafetensorsFile::open(join_path(path, kOptimizerFile)));
  const std::string state_path = join_path(path, kStateFile);
  HONE_TRY_ASSIGN(const std::string state_text, read_file(state_path));
  HONE_TRY_ASSIGN(nlohmann::json state, parse_json(state_text, state_path));
  return LoadedCheckpoint{info_of(path, manifest), manifest.optimizer_step, std::move(model),
                          std::move(optimizer),    std::move(state),        manifest.offsets};
}

// What was saved, as far as the hash of the state goes.
CheckpointContents contents_of(const LoadedCheckpoint& loaded) {
  CheckpointContents contents;
  contents.optimizer_step = loaded.optimizer_step;
  for (const policy::SafetensorsFile& file : loaded.model.files())
    for (const policy::TensorView& tensor : file.tensors()) contents.weights.push_back(policy::as_it_is(tensor));
  for (const policy::TensorView& tensor : loaded.optimizer.tensors()) {
    const bool master = tensor.name.starts_with(policy::kMasterPrefix);
    auto& tensors = master ? contents.masters : contents.moments;
    tensors.push_back(policy::as_it_is(tensor));
    if (master) tensors.back().name.erase(0, policy::kMasterPrefix.size());
  }
  return contents;
}

// Every byte is checked before any is interpreted.
Result<LoadedCheckpoint> load_verified(const std::string& path) {
  HONE_TRY_ASSIGN(const Manifest manifest, read_manifest(path));
  for (const ManifestFile& file : manifest.files) HONE_TRY(check_size(join_path(path, file.name), file.size));
  for (const ManifestFile& file : manifest.files) HONE_TRY(check_sha256(join_path(path, file.name), file.sha256));
  HONE_TRY_ASSIGN(LoadedCheckpoint loaded, open_files(path, manifest));
  const std::string hash = state_sha256(contents_of(loaded));
  if (hash != manifest.sha256) return corrupt(join_path(path, kManifestFile), "sha256 is not that of the tensors");
  return loaded;
}

CheckpointStatus status_of(const std::string& path, const Result<LoadedCheckpoint>& loaded) {
  if (loaded.ok()) return {path, loaded->info.stage, loaded->info.step, loaded->info.sha256, true, ""};
  CheckpointStatus status{path};
  if (const Result<Manifest> manifest = read_manifest(path); manifest.ok()) {
    std::tie(status.stage, status.step, status.sha256) = std::tie(manifest->stage, manifest->step, manifest->sha256);
  } else if (const auto parsed = parse_checkpoint_name(path.substr(path.find_last_of('/') + 1))) {
    std::tie(status.stage, status.step) = *parsed;
  }
  status.problem = loaded.error().to_string();
  return status;
}

}  // namespace

CheckpointStatus verify_checkpoint(const std::string& path) {
  const std::string absolute = absolute_path(path);
  return status_of(absolute, load_verified(absolute));
}

Result<LoadedCheckpoint> load_checkpoint(const std::string& path) { return load_verified(absolute_path(path)); }

Result<LoadedCheckpoint> latest_good(const std::string& run_dir,
                                     const std::function<void(const CheckpointStatus&)>& on_skip) {
  const std::string parent = checkpoints_dir(run_dir);
  HONE_TRY_ASSIGN(std::vector<std::string> paths, list_checkpoints(run_dir));
  std::ranges::reverse(paths);
  for (const std::string& path : paths) {
    Result<LoadedCheckpoint> loaded = load_verified(path);
    if (loaded.ok()) return loaded;
    on_skip(status_of(path, loaded));
  }
  if (paths.empty()) {
    return Error{.code = ErrorCode::kNotFound, .message = "the run has no checkpoint yet", .file = parent};
  }
  return corrupt(parent, str("none of ", paths.size(), " checkpoints is good"));
}

}  // namespace hone::trainer
