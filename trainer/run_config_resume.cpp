#include "trainer/run_config_resume.h"

#include <algorithm>
#include <utility>

namespace hone::trainer {
namespace {

using Differences = std::vector<ConfigDifference>;

const Leaf* find(const std::vector<Leaf>& leaves, const std::string& path) {
  const auto found = std::find_if(leaves.begin(), leaves.end(), [&](const Leaf& leaf) { return leaf.path == path; });
  return found != leaves.end() ? &*found : nullptr;
}

ConfigDifference difference(const std::string& path, const Leaf* before, const Leaf* now) {
  return {path, before != nullptr ? before->value : "", now != nullptr ? now->value : "",
          (before != nullptr ? before : now)->on_resume};
}

Differences compare(const Fields& before, const Fields& now, const std::string& path) {
  const std::vector<Leaf> old_leaves = flatten(before, path), new_leaves = flatten(now, path);
  Differences differences;
  for (const Leaf& leaf : old_leaves) {
    const Leaf* same = find(new_leaves, leaf.path);
    if (same == nullptr || same->value != leaf.value) differences.push_back(difference(leaf.path, &leaf, same));
  }
  for (const Leaf& leaf : new_leaves) {
    if (find(old_leaves, leaf.path) == nullptr) differences.push_back(difference(leaf.path, nullptr, &leaf));
  }
  return differences;
}

// Whether the steps already made would be the same had the stage been longer from the start.
bool may_lengthen(const StageConfig& before, const StageConfig& now) {
  const bool same_data = now.data.chain_share == now.data.chain_share_late;
  const bool longer = now.steps > before.steps || now.epochs > before.epochs;
  return longer && (before.epochs > 0) == (now.epochs > 0) && before.schedule == Schedule::kConstant &&
         now.schedule == Schedule::kConstant && same_data;
}

enum class Progress { kFinished, kLastStarted, kLater };

Differences compare_stage(StageConfig& before, StageConfig& now, Progress progress) {
  const std::string path = "stages." + before.name;
  Differences differences = compare(before.fields(), now.fields(), path);
  for (ConfigDifference& difference : differences) {
    const bool is_length = difference.path == path + ".steps" || difference.path == path + ".epochs";
    const bool lengthens = is_length && may_lengthen(before, now);
    const bool allowed = progress == Progress::kLater || (lengthens && progress == Progress::kLastStarted);
    if (allowed) difference.change = OnResume::kRecorded;
  }
  return differences;
}

}  // namespace

Differences compare_for_resume(RunConfig before, RunConfig now, size_t started_stages) {
  std::vector<StageConfig> old_stages, new_stages;
  std::swap(old_stages, before.stages);
  std::swap(new_stages, now.stages);
  started_stages = std::min(started_stages, old_stages.size());
  Differences differences = compare(before.fields(), now.fields(), "");
  for (size_t i = 0; i < std::max(old_stages.size(), new_stages.size()); ++i) {
    if (i < old_stages.size() && i < new_stages.size()) {
      const Progress progress = i >= started_stages       ? Progress::kLater
                                : i + 1 == started_stages ? Progress::kLastStarted
                                                          : Progress::kFinished;
      const Differences more = compare_stage(old_stages[i], new_stages[i], progress);
      differences.insert(differences.end(), more.begin(), more.end());
      continue;
    }
    const bool is_added = i >= old_stages.size();
    const std::string& name = is_added ? new_stages[i].name : old_stages[i].name;
    const OnResume change = i >= started_stages ? OnResume::kRecorded : OnResume::kRefused;
    differences.push_back({"stages." + name, is_added ? "" : "a stage", is_added ? "a stage" : "", change});
  }
  return differences;
}

}  // namespace hone::trainer
