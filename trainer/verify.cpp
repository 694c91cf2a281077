#include "trainer/verify.h"

#include <algorithm>

#include "base/file.h"
#include "trainer/manifest.h"

namespace hone::trainer {
namespace {

nlohmann::json to_json(const CheckpointStatus& status) {
  nlohmann::json json = {{"path", status.path},     {"stage", status.stage}, {"step", status.step},
                         {"sha256", status.sha256}, {"ok", status.ok}};
  if (!status.ok) json["problem"] = status.problem;
  return json;
}

// Length of the journal that the newest good checkpoint relies on.
int64_t vouched_bytes(const std::vector<CheckpointStatus>& checkpoints) {
  for (auto status = checkpoints.rbegin(); status != checkpoints.rend(); ++status) {
    if (!status->ok) continue;
    const Result<Manifest> manifest = read_manifest(status->path);
    if (!manifest.ok()) continue;
    const auto offset = manifest->offsets.find("journal");
    return offset == manifest->offsets.end() ? 0 : offset->second;
  }
  return 0;
}

}  // namespace

bool VerifyReport::ok() const {
  return journal.ok && std::ranges::all_of(checkpoints, [](const CheckpointStatus& status) { return status.ok; });
}

nlohmann::json VerifyReport::to_json() const {
  nlohmann::json json = {{"checkpoints", nlohmann::json::array()},
                         {"journal", {{"records", journal.records}, {"ok", journal.ok}}}};
  for (const CheckpointStatus& status : checkpoints) json["checkpoints"].push_back(trainer::to_json(status));
  if (!journal.ok) json["journal"]["problem"] = journal.problem;
  return json;
}

Result<VerifyReport> verify_target(const std::string& target) {
  VerifyReport report;
  if (path_exists(join_path(target, "checkpoints")) || path_exists(join_path(target, "journal"))) {
    HONE_TRY_ASSIGN(const std::vector<std::string> paths, list_checkpoints(target));
    for (const std::string& path : paths) report.checkpoints.push_back(verify_checkpoint(path));
    report.journal = verify_journal(join_path(target, "journal"), vouched_bytes(report.checkpoints));
    return report;
  }
  if (!path_exists(join_path(target, kManifestFile)) && !path_exists(join_path(target, kModelFile))) {
    return Error{.code = ErrorCode::kNotFound, .message = "neither a run directory nor a checkpoint", .file = target};
  }
  report.checkpoints.push_back(verify_checkpoint(target));
  return report;
}

}  // namespace hone::trainer
