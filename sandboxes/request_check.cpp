#include "sandboxes/request_check.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "sandboxes/box/protocol.h"

namespace hone::sandboxes {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{512} << 20;  // of files, input and channel together
constexpr size_t kMaxFetched = 64;

Error invalid(std::string message, std::string field) {
  return {.message = std::move(message), .field = std::move(field)};
}

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

Result<void> check_name(const std::string& name, const std::string& field) {
  const bool good =
      !name.empty() && name.size() <= 128 && name[0] != '.' && std::ranges::all_of(name, is_name_character);
  if (good) return {};
  return invalid("a file name is 1 to 128 of A-Z, a-z, 0-9, '.', '_', '-', not beginning with a dot", field);
}

template <class T>
Result<void> check_range(T value, T low, T high, const char* field) {
  if (value >= low && value <= high) return {};
  return invalid(str("must be ", low, " to ", high, ", is ", value), str("limits.", field));
}

Result<void> check_limits(const Limits& limits) {
  HONE_TRY(check_range(limits.cpu_seconds, 0.001, 1e6, "cpu_seconds"));
  HONE_TRY(check_range(limits.wall_seconds, 0.001, 1e6, "wall_seconds"));
  HONE_TRY(check_range<int64_t>(limits.memory_mib, 1, 1 << 20, "memory_mib"));
  HONE_TRY(check_range<int64_t>(limits.output_mib, 0, 512, "output_mib"));
  HONE_TRY(check_range<int64_t>(limits.files_mib, 0, 1 << 20, "files_mib"));
  return check_range<int64_t>(limits.processes, 1, 1000, "processes");
}

Result<void> check_argv(const RunRequest& request) {
  if (request.argv.empty() || request.argv[0].empty()) return invalid("names no program", "argv");
  if (request.argv.size() > box::kMaxWords) return invalid("too many words", "argv");
  for (const std::string& word : request.argv) {
    if (word.size() > box::kMaxWordBytes || word.find('\0') != std::string::npos) {
      return invalid("a word is at most 1 MiB and has no NUL", "argv");
    }
  }
  return {};
}

}  // namespace

Result<void> check(const RunRequest& request) {
  HONE_TRY(check_argv(request));
  HONE_TRY(check_limits(request.limits));
  uint64_t bytes = (request.input ? request.input->size() : 0) + (request.channel ? request.channel->size() : 0);
  std::set<std::string> names;
  for (const BoxFile& file : request.files) {
    HONE_TRY(check_name(file.name, "files"));
    if (!names.insert(file.name).second) return invalid("'" + file.name + "' is given twice", "files");
    if (!file.bytes) return invalid("'" + file.name + "' has no bytes", "files");
    bytes += file.bytes->size();
  }
  if (names.size() > box::kMaxWords) return invalid("too many files", "files");
  if (bytes > kMaxBytes) return invalid("files, input and channel are more than 512 MiB", "files");
  for (const std::string& name : request.fetch) HONE_TRY(check_name(name, "fetch"));
  if (request.fetch.size() > kMaxFetched) return invalid("at most 64 files can be brought back", "fetch");
  if (request.runner == Runner::kPython && !names.contains(request.argv[0])) {
    return invalid("'" + request.argv[0].substr(0, 128) + "' is not one of the files", "argv");
  }
  return {};
}

}  // namespace hone::sandboxes
