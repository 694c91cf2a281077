// The files that a `path` of the configuration names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hone::trainer {

enum class DataFileKind { kJsonLines, kJson, kParquet };

// By the ending: .jsonl or .ndjson, .json, .parquet. Error kInvalid for any other.
Result<DataFileKind> data_file_kind(const std::string& path);

// `path` is a file, a directory (its data files, by name, all of one kind), or, where nothing has that name, a pattern
// as the shell expands it (*, ?, [a-z], {a,b}). Never empty; Error kNotFound where nothing is meant.
Result<std::vector<std::string>> find_data_files(const std::string& path);

// SHA-256 of the files' contents one after another, in hexadecimal: what `cat FILES | sha256sum` prints.
Result<std::string> data_sha256(const std::vector<std::string>& files);

}  // namespace hone::trainer
