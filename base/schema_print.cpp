#include <algorithm>

#include "base/edit_distance.h"
#include "base/json.h"
#include "base/schema.h"

namespace hone {
namespace {

using Json = nlohmann::ordered_json;

std::string item_step(const ListView& list, size_t i) {
  for (const Field& field : list.item(i)) {
    auto* name = std::get_if<std::string*>(&field.view);
    if (name != nullptr && field.name == "name" && !(*name)->empty()) return **name;
  }
  return str("[", i, "]");
}

std::string origin_text(const Field& field, const std::string& path, const std::map<std::string, Origin>& origins) {
  const auto found = origins.find(path);
  if (found == origins.end()) return field.info.derived.empty() ? "default" : "derived: " + field.info.derived;
  const Origin& origin = found->second;
  return origin.line > 0 ? str(origin.source, ":", origin.line) : origin.source;
}

// One comment line holds the origin, so line breaks in a file name or an argument are shown as spaces.
std::string comment(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return "  # " + text + "\n";
}

class YamlDump {
 public:
  explicit YamlDump(const std::map<std::string, Origin>& origins) : origins_(origins) {}

  // `first` begins the first line, `rest` the others: "- " and its indentation in a list.
  std::string fields(const Fields& fields, const std::string& path, std::string first, const std::string& rest) const {
    std::string out;
    for (const Field& field : fields) {
      if (!field.info.only.holds) continue;
      out += first + field.name + ":" + value(field, dotted(path, field.name), rest);
      first = rest;
    }
    return out;
  }

 private:
  std::string value(const Field& field, const std::string& path, const std::string& indent) const {
    if (auto* section = std::get_if<SectionView>(&field.view)) {
      return "\n" + fields(section->fields(), path, indent + "  ", indent + "  ");
    }
    if (auto* list = std::get_if<ListView>(&field.view)) return items(*list, path, indent);
    return " " + to_yaml(field) + comment(origin_text(field, path, origins_));
  }

  std::string items(const ListView& list, const std::string& path, const std::string& indent) const {
    if (list.size() == 0) return " []\n";
    std::string out = "\n";
    for (size_t i = 0; i < list.size(); ++i) {
      out += fields(list.item(i), dotted(path, item_step(list, i)), indent + "  - ", indent + "    ");
    }
    return out;
  }

  const std::map<std::string, Origin>& origins_;
};

Json schema_of(const Fields& fields);

// The type, bounds and default of one field in the words of JSON Schema.
struct SchemaWriter {
  const FieldInfo& info;

  Json operator()(bool* value) const { return {{"type", "boolean"}, {"default", *value}}; }
  Json operator()(int64_t* value) const { return number("integer", *value); }
  Json operator()(uint64_t* value) const { return {{"type", "integer"}, {"minimum", 0}, {"default", *value}}; }
  Json operator()(double* value) const { return number("number", *value); }
  Json operator()(std::optional<double>*) const { return number("number", nullptr); }
  Json operator()(std::string* value) const {
    if (info.choices.empty()) return {{"type", "string"}, {"default", *value}};
    return {{"type", "string"}, {"enum", info.choices}, {"default", value->empty() ? Json() : Json(*value)}};
  }
  Json operator()(const EnumView& view) const {
    return {{"enum", std::vector<std::string>(view.names.begin(), view.names.end())},
            {"default", view.names[static_cast<size_t>(view.get())]}};
  }
  Json operator()(std::vector<std::string>* values) const {
    return {{"type", "array"}, {"items", {{"type", "string"}}}, {"default", *values}};
  }
  Json operator()(const SectionView& section) const { return schema_of(section.fields()); }
  Json operator()(const ListView& list) const { return {{"type", "array"}, {"items", schema_of(list.prototype())}}; }

  Json number(const char* type, Json value) const {
    const auto bound = [&](double x) { return value.is_number_integer() ? Json(static_cast<int64_t>(x)) : Json(x); };
    return {{"type", type},
            {info.range->above_min ? "exclusiveMinimum" : "minimum", bound(info.range->min)},
            {"maximum", bound(info.range->max)},
            {"default", std::move(value)}};
  }
};

Json schema_of(const Fields& fields) {
  Json properties = Json::object(), required = Json::array();
  for (const Field& field : fields) {
    Json property = std::visit(SchemaWriter{field.info}, field.view);
    std::string description = field.info.help;
    if (!field.info.only.wanted.empty()) description += " Belongs to " + field.info.only.wanted + ".";
    if (!field.info.derived.empty()) description += " Default: " + field.info.derived + ".";
    const bool has_default = field.info.derived.empty() && !field.info.required;
    if (!has_default || property.value("default", Json()).is_null()) property.erase("default");
    const bool always_required = field.info.required && field.info.only.wanted.empty();
    if (always_required) required.push_back(field.name);
    property["description"] = description;
    properties[field.name] = std::move(property);
  }
  Json out = {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

std::string line_of(const Field& field) {
  const std::string given = describe_default(field);
  return describe_type(field) + (given.empty() ? "" : "; " + given);
}

std::string explain_leaf(const Field& field, const std::string& path) {
  std::string out = path + "\n  " + line_of(field) + "\n  " + field.info.help + "\n";
  if (!field.info.only.wanted.empty()) out += "  Belongs to " + field.info.only.wanted + ".\n";
  if (field.info.on_resume != OnResume::kRefused) out += "  May change when a run is resumed.\n";
  return out;
}

std::string explain_fields(const Fields& fields, const std::string& path) {
  std::string out;
  for (const Field& field : fields) {
    const std::string type = field.is_leaf() ? line_of(field) + "\n  " : "";
    out += dotted(path, field.name) + "\n  " + type + field.info.help + "\n";
  }
  return out;
}

std::string first_step(const std::string& path) { return path.substr(0, path.find('.')); }
std::string after_first(const std::string& path) {
  return path.find('.') == std::string::npos ? "" : path.substr(path.find('.') + 1);
}

Result<std::string> explain(const Fields& fields, const std::string& above, const std::string& path) {
  const std::string step = first_step(path), rest = after_first(path);
  std::vector<std::string> names;
  for (const Field& field : fields) {
    names.push_back(field.name);
    if (field.name != step) continue;
    const std::string here = dotted(above, step);
    if (field.is_leaf() && rest.empty()) return explain_leaf(field, here);
    if (field.is_leaf()) return Error{.message = "has no fields", .field = here};
    const std::string intro = here + "\n  " + field.info.help + "\n";
    if (auto* section = std::get_if<SectionView>(&field.view)) {
      if (rest.empty()) return intro + explain_fields(section->fields(), here);
      return explain(section->fields(), here, rest);
    }
    const Fields inner = std::get<ListView>(field.view).prototype();
    if (rest.empty()) return intro + explain_fields(inner, here + ".<name>");
    const bool is_field = std::any_of(inner.begin(), inner.end(),
                                      [&](const Field& f) { return f.name == first_step(rest); });
    const bool is_item = !is_field && !after_first(rest).empty();
    return explain(inner, here + ".<name>", is_item ? after_first(rest) : rest);
  }
  return Error{.message = "no such field" + did_you_mean(step, names), .field = dotted(above, step)};
}

}  // namespace

std::vector<Leaf> flatten(const Fields& fields, const std::string& path) {
  std::vector<Leaf> leaves;
  const auto append = [&](std::vector<Leaf> more) { leaves.insert(leaves.end(), more.begin(), more.end()); };
  for (const Field& field : fields) {
    if (!field.info.only.holds) continue;
    const std::string here = dotted(path, field.name);
    if (auto* section = std::get_if<SectionView>(&field.view)) {
      append(flatten(section->fields(), here));
    } else if (auto* list = std::get_if<ListView>(&field.view)) {
      for (size_t i = 0; i < list->size(); ++i) append(flatten(list->item(i), dotted(here, item_step(*list, i))));
    } else {
      leaves.push_back({here, to_yaml(field), field.info.on_resume});
    }
  }
  return leaves;
}

std::string dump_yaml(const Fields& fields, const std::map<std::string, Origin>& origins) {
  return YamlDump(origins).fields(fields, "", "", "");
}

std::string json_schema(const Fields& fields, const std::string& title) {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
  schema.update(schema_of(fields));
  schema["properties"]["extends"] = {{"description", "Files to lay below this one, relative to it; later ones win."},
                                     {"type", Json::array({"string", "array"})},
                                     {"items", {{"type", "string"}}}};
  return schema.dump(2) + "\n";
}

Result<std::string> explain_field(const Fields& fields, const std::string& path) { return explain(fields, "", path); }

}  // namespace hone
