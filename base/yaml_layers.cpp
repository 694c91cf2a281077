#include "base/yaml_layers.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "base/edit_distance.h"

namespace hone {
namespace {

namespace fs = std::filesystem;

constexpr const char* kExtends = "extends";

using Errors = std::vector<Error>;

void append(Errors& errors, Errors more) {
  errors.insert(errors.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::shared_ptr<YamlNode> map_at(const Origin& origin) {
  auto map = std::make_shared<YamlNode>();
  map->kind = YamlKind::kMap;
  map->origin = origin;
  return map;
}

void set_entry(YamlNode& map, YamlEntry entry) {
  for (YamlEntry& existing : map.entries) {
    if (existing.key != entry.key) continue;
    existing = std::move(entry);
    return;
  }
  map.entries.push_back(std::move(entry));
}

YamlPtr without_entry(const YamlNode& map, std::string_view key) {
  auto copy = std::make_shared<YamlNode>(map);
  std::erase_if(copy->entries, [&](const YamlEntry& entry) { return entry.key == key; });
  return copy;
}

std::string real_path(const std::string& path) {
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(path, error);
  return error ? path : canonical.string();
}

class LayerReader {
 public:
  // `included_at`: where the path stands in another file; null for the file that the user named.
  YamlPtr read(const std::string& path, const YamlNode* included_at) {
    const std::string real = real_path(path);
    const bool is_open = std::find(open_.begin(), open_.end(), real) != open_.end();
    if (is_open) return refuse(*included_at, "extends itself: " + path);
    if (++files_ > kMaxFiles) return refuse(*included_at, str("more than ", kMaxFiles, " files"));
    open_.push_back(real);
    const YamlPtr result = read_layers(path, included_at);
    open_.pop_back();
    return result;
  }

  Errors errors;

 private:
  static constexpr int kMaxFiles = 64;  // a file that extends another twice doubles the work

  YamlPtr refuse(const YamlNode& at, std::string message) {
    errors.push_back(error_at(at.origin, kExtends, std::move(message)));
    return nullptr;
  }

  YamlPtr read_layers(const std::string& path, const YamlNode* included_at) {
    YamlDocument document = read_yaml_file(path);
    const bool unreadable = document.root == nullptr && document.errors.size() == 1 && document.errors[0].line == 0;
    if (unreadable && included_at != nullptr) return refuse(*included_at, document.errors[0].to_string());
    append(errors, std::move(document.errors));
    if (document.root == nullptr || document.root->kind != YamlKind::kMap) return document.root;
    const YamlEntry* extends = document.root->find(kExtends);
    if (extends == nullptr) return document.root;
    YamlPtr below = map_at(document.root->origin);
    for (const YamlPtr& item : items_of(*extends)) {
      if (const YamlPtr layer = read_item(path, *item)) below = merge_yaml(below, layer);
    }
    return merge_yaml(below, without_entry(*document.root, kExtends));
  }

  std::vector<YamlPtr> items_of(const YamlEntry& extends) {
    if (extends.value->kind == YamlKind::kList) return extends.value->items;
    return {extends.value};
  }

  YamlPtr read_item(const std::string& path, const YamlNode& item) {
    const bool is_path = item.kind == YamlKind::kScalar;
    if (!is_path) return refuse(item, "expected a path or a list of paths, not " + describe(item));
    return read((fs::path(path).parent_path() / item.text).string(), &item);
  }

  std::vector<std::string> open_;  // the chain of files being read
  int files_ = 0;
};

// One argument on its way down the tree.
class Argument {
 public:
  Argument(std::vector<std::string> path, YamlPtr value) : path_(std::move(path)), value_(std::move(value)) {}

  // The node with the value set below it at path_[depth], ...; null after an error.
  YamlPtr set_below(const YamlNode& node, size_t depth) {
    switch (node.kind) {
      case YamlKind::kMap: return set_in_map(node, depth);
      case YamlKind::kNull: return set_in_map(*map_at(value_->origin), depth);
      case YamlKind::kList: return set_in_list(node, depth);
      case YamlKind::kScalar: break;
    }
    return refuse(depth, "'" + path_up_to(depth) + "' is " + describe(node) + ", not a map");
  }

  Errors errors;

 private:
  YamlPtr refuse(size_t depth, std::string message) {
    errors.push_back(error_at(value_->origin, path_up_to(depth + 1), std::move(message)));
    return nullptr;
  }

  std::string path_up_to(size_t depth) const {
    std::string path;
    for (size_t i = 0; i < depth; ++i) path += (i > 0 ? "." : "") + path_[i];
    return path;
  }

  YamlPtr set_in_map(const YamlNode& map, size_t depth) {
    const YamlEntry* entry = map.find(path_[depth]);
    YamlPtr value = value_;
    if (depth + 1 < path_.size()) {
      value = set_below(entry != nullptr ? *entry->value : *map_at(value_->origin), depth + 1);
      if (value == nullptr) return nullptr;
    }
    const bool replaces = entry == nullptr || depth + 1 == path_.size();
    auto copy = std::make_shared<YamlNode>(map);
    set_entry(*copy, {path_[depth], replaces ? value_->origin : entry->key_origin, value});
    return copy;
  }

  YamlPtr set_in_list(const YamlNode& list, size_t depth) {
    std::vector<std::string> names;
    for (size_t i = 0; i < list.items.size(); ++i) {
      names.push_back(item_name(*list.items[i]));
      if (names.back() == path_[depth]) return set_item(list, i, depth);
    }
    return refuse(depth, "no item of this name" + did_you_mean(path_[depth], names));
  }

  YamlPtr set_item(const YamlNode& list, size_t i, size_t depth) {
    YamlPtr item = value_;
    if (depth + 1 < path_.size()) item = set_below(*list.items[i], depth + 1);
    if (item == nullptr) return nullptr;
    auto copy = std::make_shared<YamlNode>(list);
    copy->items[i] = item;
    return copy;
  }

  std::vector<std::string> path_;
  YamlPtr value_;
};

// Empty when a step is empty or there are too many.
std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> steps;
  for (size_t start = 0; start <= path.size();) {
    const size_t end = std::min(path.find('.', start), path.size());
    if (end == start || steps.size() == kMaxYamlDepth) return {};
    steps.emplace_back(path.substr(start, end - start));
    start = end + 1;
  }
  return steps;
}

}  // namespace

YamlPtr merge_yaml(const YamlPtr& below, const YamlPtr& above) {
  if (below->kind != YamlKind::kMap || above->kind != YamlKind::kMap) return above;
  auto merged = std::make_shared<YamlNode>(*below);
  for (const YamlEntry& entry : above->entries) {
    const YamlEntry* existing = below->find(entry.key);
    const YamlPtr value = existing != nullptr ? merge_yaml(existing->value, entry.value) : entry.value;
    set_entry(*merged, {entry.key, entry.key_origin, value});
  }
  return merged;
}

YamlDocument read_yaml_layers(const std::string& path) {
  LayerReader reader;
  YamlPtr root = reader.read(path, nullptr);
  return {std::move(root), std::move(reader.errors)};
}

std::string argument_source(const std::string& argument) { return "command line '" + argument + "'"; }

YamlDocument apply_argument(const YamlPtr& root, const std::string& argument) {
  const std::string source = argument_source(argument);
  const auto refuse = [&](std::string message) {
    return YamlDocument{root, {error_at({source, 0, 0}, "", std::move(message))}};
  };
  const size_t equals = argument.find('=');
  if (equals == std::string::npos) return refuse("expected key=value");
  std::vector<std::string> steps = split_path(std::string_view(argument).substr(0, equals));
  if (steps.empty()) return refuse("expected a key such as run.seed before '='");
  YamlDocument value = read_yaml(std::string_view(argument).substr(equals + 1), source, YamlPlaces::kSourceOnly);
  if (!value.errors.empty() || value.root == nullptr) return {root, std::move(value.errors)};
  Argument setter(std::move(steps), value.root);
  YamlPtr changed = setter.set_below(*root, 0);
  return {changed != nullptr ? changed : root, std::move(setter.errors)};
}

}  // namespace hone
