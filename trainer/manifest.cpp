#include "trainer/manifest.h"

#include <algorithm>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/json_reader.h"

namespace hone::trainer {
namespace {

using Json = nlohmann::json;

constexpr int kFormat = 1;
constexpr int64_t kMaxBytes = 1 << 20;
constexpr int kMaxDepth = 3;
constexpr const char* kChecksumKey = "checksum";

std::string seal(Json body) {
  body.erase(kChecksumKey);
  body[kChecksumKey] = to_hex(sha256(as_bytes(body.dump())));
  return body.dump(1) + "\n";
}

Json to_json(const ManifestFile& file) { return {{"name", file.name}, {"size", file.size}, {"sha256", file.sha256}}; }

ManifestFile file_from_json(const Json& json) {
  return {json.at("name").get<std::string>(), json.at("size").get<int64_t>(), json.at("sha256").get<std::string>()};
}

// Throws nlohmann's exceptions for missing keys and other types.
Manifest from_json(const Json& json) {
  Manifest manifest{json.at("stage"),    json.at("step"),   json.at("optimizer_step"),
                    json.at("sequence"), json.at("sha256"), json.at("offsets")};
  for (const Json& file : json.at("files")) manifest.files.push_back(file_from_json(file));
  return manifest;
}

bool lists(const Manifest& manifest, std::string_view name) {
  return std::ranges::any_of(manifest.files, [&](const ManifestFile& file) { return file.name == name; });
}

// What a sealed manifest may still get wrong: a file outside the directory, a part that is missing.
bool is_complete(const Manifest& manifest) {
  return is_plain_name(manifest.stage) &&
         std::ranges::all_of(manifest.files, [](const ManifestFile& file) { return is_plain_name(file.name); }) &&
         (lists(manifest, kModelFile) || lists(manifest, kModelIndexFile)) && lists(manifest, kOptimizerFile) &&
         lists(manifest, kStateFile);
}

}  // namespace

std::string render_manifest(const Manifest& manifest) {
  Json json = {{"format", kFormat},
               {"stage", manifest.stage},
               {"step", manifest.step},
               {"optimizer_step", manifest.optimizer_step},
               {"sequence", manifest.sequence},
               {"sha256", manifest.sha256},
               {"offsets", manifest.offsets},
               {"files", Json::array()}};
  for (const ManifestFile& file : manifest.files) json["files"].push_back(to_json(file));
  return seal(std::move(json));
}

Result<Manifest> read_manifest(const std::string& checkpoint_dir) {
  const std::string path = join_path(checkpoint_dir, kManifestFile);
  const auto problem = [&path](std::string message) {
    return Error{.code = ErrorCode::kCorrupt, .message = std::move(message), .file = path};
  };
  HONE_TRY_ASSIGN(const std::string text, read_file(path, kMaxBytes));
  const Result<Json> json = parse_json(text, path, kMaxDepth);
  if (!json.ok()) return problem(json.error().message);
  if (!json->is_object() || seal(*json) != text) return problem("checksum does not match");
  if (json->value("format", Json()) != kFormat) return problem(str("not of format ", kFormat));
  try {
    Manifest manifest = from_json(*json);
    if (!is_complete(manifest)) return problem("does not describe a checkpoint");
    return manifest;
  } catch (const Json::exception& error) {
    return problem(error.what());
  }
}

bool is_plain_name(std::string_view text) {
  constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !text.empty() && text.front() != '.' && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

}  // namespace hone::trainer
