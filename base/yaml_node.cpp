// What needs the tree alone, not the parser.
#include "base/yaml_layers.h"
#include "base/yaml_reader.h"

namespace hone {

Error error_at(const Origin& origin, std::string field, std::string message) {
  return {ErrorCode::kInvalid, std::move(message), origin.source, origin.line, origin.column, std::move(field)};
}

const YamlEntry* YamlNode::find(std::string_view key) const {
  for (const YamlEntry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

std::string describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlKind::kNull: return "nothing";
    case YamlKind::kList: return "a list";
    case YamlKind::kMap: return "a map";
    case YamlKind::kScalar: break;
  }
  constexpr size_t kShown = 60;
  const std::string shown = node.text.size() > kShown ? node.text.substr(0, kShown) + "..." : node.text;
  return node.quoted ? "the text \"" + shown + "\"" : "'" + shown + "'";
}

std::string item_name(const YamlNode& item) {
  for (const char* key : {"name", "checker"}) {
    const YamlEntry* entry = item.find(key);
    if (entry != nullptr && entry->value->kind == YamlKind::kScalar) return entry->value->text;
  }
  return "";
}

}  // namespace hone
