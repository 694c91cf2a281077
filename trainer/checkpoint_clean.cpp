#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include "base/file.h"
#include "trainer/checkpoint.h"
#include "trainer/checkpoint_list.h"

namespace hone::trainer {
namespace {

constexpr std::string_view kDamagedPrefix = ".damaged-";

// path/to/name -> path/to/<prefix>name
std::string with_prefix(const std::string& path, std::string_view prefix) {
  return std::string(path).insert(path.find_last_of('/') + 1, prefix);
}

// `readable` in the order they were made.
std::set<std::string> kept_paths(const std::vector<ListedCheckpoint>& readable, int keep) {
  std::set<std::string> kept;
  std::map<std::string, std::string> last_of_stage;
  for (const ListedCheckpoint& checkpoint : readable) {
    if (!last_of_stage.contains(checkpoint.stage)) kept.insert(checkpoint.path);
    last_of_stage[checkpoint.stage] = checkpoint.path;
  }
  for (const auto& [stage, path] : last_of_stage) kept.insert(path);
  const size_t newest = std::min(readable.size(), static_cast<size_t>(keep));
  for (size_t i = readable.size() - newest; i < readable.size(); ++i) kept.insert(readable[i].path);
  return kept;
}

}  // namespace

Result<std::vector<std::string>> apply_retention(const std::string& run_dir, int keep,
                                                 std::span<const std::string> protected_paths) {
  HONE_CHECK_LE(1, keep);
  HONE_TRY_ASSIGN(std::vector<ListedCheckpoint> listed, read_list(run_dir));
  std::erase_if(listed, [](const ListedCheckpoint& checkpoint) { return !checkpoint.manifest; });
  std::set<std::string> kept = kept_paths(listed, keep);
  for (const std::string& path : protected_paths) kept.insert(absolute_path(path));
  std::vector<std::string> removed;
  for (const ListedCheckpoint& checkpoint : listed) {
    if (kept.contains(checkpoint.path)) continue;
    const std::string doomed = with_prefix(checkpoint.path, kTempPrefix);
    HONE_TRY(remove_tree(doomed));
    HONE_TRY(rename_path(checkpoint.path, doomed));
    HONE_TRY(remove_tree(doomed));
    removed.push_back(checkpoint.path);
  }
  return removed;
}

Result<void> set_aside(const std::string& path) {
  const std::string from = absolute_path(path), to = with_prefix(from, kDamagedPrefix);
  HONE_TRY(remove_tree(to));
  HONE_TRY(rename_path(from, to));
  return fsync_directory(from.substr(0, from.find_last_of('/')));
}

Result<void> clean_leftovers(const std::string& run_dir) {
  namespace fs = std::filesystem;
  std::vector<std::string> leftovers;
  std::error_code error;
  fs::recursive_directory_iterator entries(run_dir, error), end;
  for (; !error && entries != end; entries.increment(error)) {
    if (!entries->path().filename().string().starts_with(kTempPrefix)) continue;
    leftovers.push_back(entries->path().string());
    entries.disable_recursion_pending();
  }
  if (error) return os_error(error.value(), "list", run_dir);
  for (const std::string& path : leftovers) HONE_TRY(remove_tree(path));
  return {};
}

}  // namespace hone::trainer
