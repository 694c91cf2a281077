// The names in run/checkpoints/, shared by saving, loading and cleaning.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "trainer/manifest.h"

namespace hone::trainer {

std::string checkpoints_dir(const std::string& run_dir);
std::string checkpoint_name(const std::string& stage, int64_t step);
// Stage and step of a directory's name; nullopt for any other name.
std::optional<std::pair<std::string, int64_t>> parse_checkpoint_name(std::string_view name);
// Absolute, without "." and "..".
std::string absolute_path(const std::string& path);

struct ListedCheckpoint {
  std::string path;  // absolute
  std::string stage;
  int64_t step = 0;
  std::optional<Manifest> manifest;  // nullopt if it is unreadable
};

// In the order of list_checkpoints.
Result<std::vector<ListedCheckpoint>> read_list(const std::string& run_dir);

}  // namespace hone::trainer
