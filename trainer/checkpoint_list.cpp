#include "trainer/checkpoint_list.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "base/file.h"
#include "trainer/checkpoint.h"

namespace hone::trainer {
namespace {

bool is_directory(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

// Whether `unreadable` stands before the checkpoint `good` whose place is known.
bool stands_before(const ListedCheckpoint& unreadable, const ListedCheckpoint& good) {
  return unreadable.stage == good.stage && unreadable.step < good.step;
}

}  // namespace

std::string checkpoints_dir(const std::string& run_dir) { return join_path(run_dir, "checkpoints"); }

std::string checkpoint_name(const std::string& stage, int64_t step) { return str(stage, "-", step); }

std::optional<std::pair<std::string, int64_t>> parse_checkpoint_name(std::string_view name) {
  const size_t dash = name.find_last_of('-');
  if (dash == std::string_view::npos || !is_plain_name(name.substr(0, dash))) return std::nullopt;
  const std::string_view digits = name.substr(dash + 1);
  int64_t step = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return std::pair(std::string(name.substr(0, dash)), step);
}

std::string absolute_path(const std::string& path) {
  std::error_code error;
  std::string normal = std::filesystem::absolute(path, error).lexically_normal().string();
  if (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return error ? path : normal;
}

Result<std::vector<ListedCheckpoint>> read_list(const std::string& run_dir) {
  const std::string parent = absolute_path(checkpoints_dir(run_dir));
  std::vector<ListedCheckpoint> readable, unreadable;
  if (!path_exists(parent)) return readable;
  HONE_TRY_ASSIGN(const std::vector<std::string> names, list_directory(parent));
  for (const std::string& name : names) {
    const auto parsed = parse_checkpoint_name(name);
    ListedCheckpoint listed{join_path(parent, name)};
    if (!parsed || !is_directory(listed.path)) continue;
    std::tie(listed.stage, listed.step) = *parsed;
    Result<Manifest> manifest = read_manifest(listed.path);
    if (manifest.ok()) listed.manifest = std::move(manifest).value();
    (listed.manifest ? readable : unreadable).push_back(std::move(listed));
  }
  std::ranges::sort(readable, {}, [](const ListedCheckpoint& c) { return c.manifest->sequence; });
  std::ranges::sort(unreadable, {}, [](const ListedCheckpoint& c) { return std::pair(c.stage, c.step); });
  for (ListedCheckpoint& lost : unreadable) {
    const auto place = std::ranges::find_if(readable, [&](const auto& good) { return stands_before(lost, good); });
    readable.insert(place, std::move(lost));
  }
  return readable;
}

Result<std::vector<std::string>> list_checkpoints(const std::string& run_dir) {
  HONE_TRY_ASSIGN(const std::vector<ListedCheckpoint> listed, read_list(run_dir));
  std::vector<std::string> paths;
  for (const ListedCheckpoint& checkpoint : listed) paths.push_back(checkpoint.path);
  return paths;
}

}  // namespace hone::trainer
