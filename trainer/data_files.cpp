#include "trainer/data_files.h"

#include <glob.h>

#include <filesystem>
#include <optional>

#include "base/file.h"
#include "base/hash.h"

namespace hone::trainer {
namespace {

struct Ending {
  std::string_view text;
  DataFileKind kind;
};
constexpr Ending kEndings[] = {{".jsonl", DataFileKind::kJsonLines},
                               {".ndjson", DataFileKind::kJsonLines},
                               {".json", DataFileKind::kJson},
                               {".parquet", DataFileKind::kParquet}};

std::optional<DataFileKind> kind_of(std::string_view path) {
  for (const Ending& ending : kEndings)
    if (path.ends_with(ending.text)) return ending.kind;
  return std::nullopt;
}

Result<std::vector<std::string>> files_in(const std::string& directory) {
  HONE_TRY_ASSIGN(const std::vector<std::string> names, list_directory(directory));
  std::vector<std::string> files;
  for (const std::string& name : names)
    if (kind_of(name)) files.push_back(join_path(directory, name));
  if (files.empty())
    return Error{ErrorCode::kNotFound, "holds no file that ends in .jsonl, .json or .parquet", directory};
  for (const std::string& file : files)
    if (kind_of(file) != kind_of(files[0]))
      return Error{.message = str("holds files of several kinds (", std::filesystem::path(files[0]).filename().string(),
                                  ", ", std::filesystem::path(file).filename().string(),
                                  "); choose by a pattern, such as ", directory, "/*.parquet"),
                   .file = directory};
  return files;
}

Result<std::vector<std::string>> expand(const std::string& pattern) {
  glob_t found{};
  const int code = ::glob(pattern.c_str(), GLOB_BRACE, nullptr, &found);
  std::vector<std::string> files(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (code == 0) return files;
  if (code == GLOB_NOMATCH) return Error{ErrorCode::kNotFound, "there is no such file, and no file fits it", pattern};
  return Error{ErrorCode::kIo, "cannot be expanded", pattern};
}

}  // namespace

Result<DataFileKind> data_file_kind(const std::string& path) {
  if (const auto kind = kind_of(path)) return *kind;
  return Error{.message = "must end in .jsonl, .json or .parquet", .file = path};
}

Result<std::vector<std::string>> find_data_files(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return files_in(path);
  if (path_exists(path)) return std::vector<std::string>{path};
  return expand(path);
}

Result<std::string> data_sha256(const std::vector<std::string>& files) {
  Sha256 hash;
  for (const std::string& file : files) {
    HONE_TRY_ASSIGN(const MappedFile mapped, MappedFile::open(file));
    hash.update(mapped.bytes());
  }
  return to_hex(hash.finish());
}

}  // namespace hone::trainer
