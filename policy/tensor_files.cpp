#include "policy/tensor_files.h"

#include <algorithm>
#include <set>

#include "base/json_reader.h"

namespace hone::policy {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMaxIndexBytes = 100'000'000;

bool is_shard_name(std::string_view name) {
  return name.starts_with("model-") && name.ends_with(".safetensors");
}

bool is_file_name(std::string_view name) {
  return !name.empty() && name[0] != '.' && name.find('/') == name.npos && name.find('\0') == name.npos;
}

Error index_problem(std::string message, const std::string& path, const std::string& field) {
  return Error{.code = ErrorCode::kInvalid, .message = std::move(message), .file = path, .field = field};
}

std::string number(size_t n) {
  const std::string digits = std::to_string(n);
  return std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
}

}  // namespace

Result<TensorFiles> TensorFiles::open(const std::string& directory) {
  TensorFiles out(directory);
  const std::string index = join_path(directory, kModelIndexFile);
  if (path_exists(join_path(directory, kModelFile))) {
    HONE_TRY(out.add(std::string(kModelFile)));
  } else if (path_exists(index)) {
    HONE_TRY(out.read_index(index));
  } else {
    HONE_TRY_ASSIGN(const std::vector<std::string> names, list_directory(directory));
    for (const std::string& name : names)
      if (is_shard_name(name)) HONE_TRY(out.add(name));
  }
  if (out.files_.empty())
    return Error{.code = ErrorCode::kNotFound,
                 .message = "has no weights: no model.safetensors, model.safetensors.index.json or model-*.safetensors",
                 .file = directory};
  return out;
}

Result<void> TensorFiles::add(const std::string& name) {
  HONE_TRY_ASSIGN(SafetensorsFile file, SafetensorsFile::open(join_path(directory_, name)));
  for (size_t i = 0; i < file.tensors().size(); ++i) {
    const auto [place, is_new] = places_.emplace(file.tensors()[i].name, std::pair(files_.size(), i));
    if (!is_new)
      return Error{.code = ErrorCode::kInvalid,
                   .message = "is in " + files_[place->second.first].path() + " too",
                   .file = file.path(),
                   .field = place->first};
  }
  files_.push_back(std::move(file));
  return {};
}

Result<void> TensorFiles::read_index(const std::string& path) {
  HONE_TRY_ASSIGN(const std::string text, read_file(path, kMaxIndexBytes));
  HONE_TRY_ASSIGN(const Json index, parse_json(text, path, 8));
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object())
    return index_problem("must be an object", path, "weight_map");
  const Json& map = index["weight_map"];
  std::set<std::string> names;
  for (const auto& [tensor, file] : map.items()) {
    if (!file.is_string() || !is_file_name(file.get_ref<const std::string&>()))
      return index_problem("must be the name of a file in this directory", path, "weight_map." + tensor);
    names.insert(file.get<std::string>());
  }
  for (const std::string& name : names) HONE_TRY(add(name));
  for (const auto& [tensor, file] : map.items())
    if (!find(tensor) || file_of(tensor) != join_path(directory_, file.get<std::string>()))
      return index_problem("is not in " + file.get<std::string>(), path, "weight_map." + tensor);
  return {};
}

const TensorView* TensorFiles::find(std::string_view name) const {
  const auto place = places_.find(name);
  return place == places_.end() ? nullptr : &files_[place->second.first].tensors()[place->second.second];
}

const std::string& TensorFiles::file_of(std::string_view name) const {
  const auto place = places_.find(name);
  return place == places_.end() ? directory_ : files_[place->second.first].path();
}

std::vector<Shard> make_shards(std::vector<TensorOut> tensors, int64_t max_bytes) {
  std::vector<Shard> shards(1);
  int64_t bytes = 0;
  for (TensorOut& tensor : tensors) {
    if (bytes > 0 && bytes + tensor.size() > max_bytes) {
      shards.emplace_back();
      bytes = 0;
    }
    bytes += tensor.size();
    shards.back().tensors.push_back(std::move(tensor));
  }
  const std::string total = number(shards.size());
  for (size_t i = 0; i < shards.size(); ++i)
    shards[i].name =
        shards.size() == 1 ? std::string(kModelFile) : "model-" + number(i + 1) + "-of-" + total + ".safetensors";
  return shards;
}

std::string index_of(const std::vector<Shard>& shards) {
  if (shards.size() == 1) return "";
  int64_t total = 0;
  Json map = Json::object();
  for (const Shard& shard : shards)
    for (const TensorOut& tensor : shard.tensors) {
      map[tensor.name] = shard.name;
      total += tensor.size();
    }
  return Json{{"metadata", {{"total_size", total}}}, {"weight_map", std::move(map)}}.dump(2) + "\n";
}

}  // namespace hone::policy
