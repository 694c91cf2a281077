#include "base/edit_distance.h"
#include "base/schema.h"
#include "base/yaml_layers.h"

namespace hone {
namespace {

const Field* find(const Fields& fields, std::string_view name) {
  for (const Field& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::vector<std::string> names_of(const Fields& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  return names;
}

// Paths of the sections that have a field of this name.
void find_homes(const Fields& fields, std::string_view name, const std::string& path, std::vector<std::string>& homes) {
  for (const Field& field : fields) {
    if (field.name == name && !path.empty()) homes.push_back(path);
    const std::string below = dotted(path, field.name);
    if (auto* section = std::get_if<SectionView>(&field.view)) find_homes(section->fields(), name, below, homes);
    if (auto* list = std::get_if<ListView>(&field.view)) find_homes(list->prototype(), name, below + ".<name>", homes);
  }
}

std::string belongs_under(const Fields& root, std::string_view name) {
  std::vector<std::string> homes;
  find_homes(root, name, "", homes);
  std::string list;
  for (const std::string& home : homes) list += (list.empty() ? "" : " or ") + home;
  return list.empty() ? "" : "; it belongs under " + list;
}

}  // namespace

std::string dotted(const std::string& path, const std::string& step) {
  if (path.empty() || step.starts_with('[')) return path + step;
  return path + "." + step;
}

void Binding::bind(const std::function<Fields()>& root, const YamlNode& tree) {
  root_ = root();
  if (tree.kind != YamlKind::kMap) return fail(tree.origin, "", "expected a map at the top, not " + describe(tree));
  bind_map(root, tree, "", tree.origin);
}

Origin Binding::origin_near(std::string path) const {
  while (!path.empty()) {
    if (const auto found = origins_.find(path); found != origins_.end()) return found->second;
    path.resize(path.find_last_of(".[") == std::string::npos ? 0 : path.find_last_of(".["));
  }
  const auto top = origins_.find("");
  return top != origins_.end() ? top->second : Origin{};
}

void Binding::fail(const Origin& origin, const std::string& path, std::string message) {
  errors_.push_back(error_at(origin, path, std::move(message)));
  failed_.insert(path);
}

// Leaves first: they decide which fields belong here, and the fields of nested structs may depend on them.
void Binding::bind_map(const Describe& describe, const YamlNode& map, const std::string& path, const Origin& origin) {
  origins_[path] = origin;
  bind_deciders(describe(), map, path);
  bind_leaves(describe(), map, path);
  const Fields fields = describe();
  check_required(fields, map, path, origin);
  check_conditions(fields, map, path);
  for (const Field& field : fields) {
    const YamlEntry* entry = map.find(field.name);
    const bool binds = entry != nullptr && !field.is_leaf() && !failed(dotted(path, field.name));
    if (binds && entry->value->kind != YamlKind::kNull) bind_entry(field, *entry, dotted(path, field.name));
  }
}

void Binding::bind_deciders(const Fields& fields, const YamlNode& map, const std::string& path) {
  for (const Field& field : fields) {
    const YamlEntry* entry = field.info.decides ? map.find(field.name) : nullptr;
    if (entry != nullptr && entry->value->kind != YamlKind::kNull) bind_entry(field, *entry, dotted(path, field.name));
  }
}

void Binding::bind_leaves(const Fields& fields, const YamlNode& map, const std::string& path) {
  for (const YamlEntry& entry : map.entries) {
    const Field* field = find(fields, entry.key);
    if (field == nullptr) {
      report_unknown(fields, entry, path);
    } else if (field->is_leaf() && !field->info.decides && entry.value->kind != YamlKind::kNull) {
      bind_entry(*field, entry, dotted(path, entry.key));
    }
  }
}

void Binding::bind_entry(const Field& field, const YamlEntry& entry, const std::string& path) {
  const YamlNode& value = *entry.value;
  if (auto* section = std::get_if<SectionView>(&field.view)) {
    if (value.kind != YamlKind::kMap) return fail(value.origin, path, "expected a map, not " + describe(value));
    return bind_map(section->fields, value, path, entry.key_origin);
  }
  origins_[path] = value.origin;
  if (auto* list = std::get_if<ListView>(&field.view)) return bind_list(*list, value, path);
  if (std::string problem = assign(field, value); !problem.empty()) fail(value.origin, path, std::move(problem));
}

void Binding::bind_list(const ListView& list, const YamlNode& node, const std::string& path) {
  if (node.kind != YamlKind::kList) return fail(node.origin, path, "expected a list of maps, not " + describe(node));
  list.clear();
  for (size_t i = 0; i < node.items.size(); ++i) {
    const YamlNode& item = *node.items[i];
    std::string item_path = dotted(path, str("[", i, "]"));
    if (item.kind != YamlKind::kMap) {
      fail(item.origin, item_path, "expected a map, not " + describe(item));
      failed_.insert(path);  // the list is not what was meant
      continue;
    }
    const std::string name = item_name(item);
    if (is_name(name) && !given(dotted(path, name))) item_path = dotted(path, name);
    items_[path].push_back(item_path);
    list.append();
    bind_map([&list, at = list.size() - 1] { return list.item(at); }, item, item_path, item.origin);
  }
}

void Binding::check_conditions(const Fields& fields, const YamlNode& map, const std::string& path) {
  for (const Field& field : fields) {
    const YamlEntry* entry = map.find(field.name);
    const Condition& only = field.info.only;
    if (only.holds || entry == nullptr || entry->value->kind == YamlKind::kNull) continue;
    if (failed(dotted(path, only.decider))) continue;
    fail(entry->key_origin, dotted(path, field.name),
         "belongs to " + only.wanted + "; here " + only.decider + " is " + only.actual);
  }
}

// Nobody can say whether the field is needed: what decides it is missing or wrong, which is reported.
bool Binding::undecided(const Fields& fields, const Field& field, const std::string& path) const {
  const Field* decider = field.info.only.decider.empty() ? nullptr : find(fields, field.info.only.decider);
  if (decider == nullptr || !decider->info.decides) return false;
  const std::string where = dotted(path, decider->name);
  return failed(where) || !given(where);
}

void Binding::check_required(const Fields& fields, const YamlNode& map, const std::string& path, const Origin& origin) {
  for (const Field& field : fields) {
    const YamlEntry* entry = map.find(field.name);
    if (!field.info.required || !field.info.only.holds || undecided(fields, field, path)) continue;
    if (entry != nullptr && entry->value->kind != YamlKind::kNull) continue;
    fail(origin, dotted(path, field.name), "missing; expected " + describe_type(field));
  }
}

void Binding::report_unknown(const Fields& fields, const YamlEntry& entry, const std::string& path) {
  std::string hint = did_you_mean(entry.key, names_of(fields));
  if (hint.empty()) hint = belongs_under(root_, entry.key);
  fail(entry.key_origin, dotted(path, entry.key), "unknown key" + hint);
}

}  // namespace hone
