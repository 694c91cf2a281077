#include "base/schema_json.h"

namespace hone {
namespace {

using nlohmann::json;

YamlPtr to_yaml_node(const json& value) {
  auto node = std::make_shared<YamlNode>();
  if (value.is_object()) {
    node->kind = YamlKind::kMap;
    for (const auto& [key, item] : value.items()) {
      YamlEntry& entry = node->entries.emplace_back();
      entry.key = key;
      entry.value = to_yaml_node(item);
    }
  } else if (value.is_array()) {
    node->kind = YamlKind::kList;
    for (const json& item : value) node->items.push_back(to_yaml_node(item));
  } else if (!value.is_null()) {
    node->kind = YamlKind::kScalar;
    node->quoted = value.is_string();
    node->text = node->quoted ? value.get<std::string>() : value.dump();
  }
  return node;
}

struct ToJson {
  json operator()(const bool* value) const { return *value; }
  json operator()(const int64_t* value) const { return *value; }
  json operator()(const uint64_t* value) const { return *value; }
  json operator()(const double* value) const { return *value; }
  json operator()(const std::optional<double>* value) const { return *value ? json(**value) : json(); }
  json operator()(const std::string* value) const { return *value; }
  json operator()(const std::vector<std::string>* value) const { return *value; }
  json operator()(const EnumView& view) const { return view.names[static_cast<size_t>(view.get())]; }
  json operator()(const SectionView& view) const { return to_json(view.fields()); }
  json operator()(const ListView& view) const {
    json items = json::array();
    for (size_t i = 0; i < view.size(); ++i) items.push_back(to_json(view.item(i)));
    return items;
  }
};

}  // namespace

Result<void> bind_json(const std::function<Fields()>& describe, const json& object) {
  Binding binding;
  binding.bind(describe, *to_yaml_node(object));
  if (binding.errors().empty()) return {};
  return binding.errors().front();
}

json to_json(const Fields& fields) {
  json object = json::object();
  for (const Field& field : fields)
    if (field.info.only.holds) object[field.name] = std::visit(ToJson{}, field.view);
  return object;
}

}  // namespace hone
