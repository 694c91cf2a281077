// YAML as a tree in which every value knows its place. A safe subset of YAML 1.2: one document; no tags, no merge keys,
// keys are words. Input is untrusted: size, depth and the growth by aliases are bounded.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hone {

inline constexpr size_t kMaxYamlBytes = 1 << 20;
inline constexpr size_t kMaxYamlDepth = 32;
inline constexpr size_t kMaxYamlValues = 20000;  // after aliases are expanded

// Where a value stands. Without source: a built-in default. Line 0: not from a file (a command line argument).
struct Origin {
  std::string source;
  int line = 0;
  int column = 0;
};

Error error_at(const Origin& origin, std::string field, std::string message);

struct YamlEntry;
struct YamlNode;
using YamlPtr = std::shared_ptr<const YamlNode>;

enum class YamlKind { kNull, kScalar, kList, kMap };

// Immutable; an alias shares the node of its anchor.
struct YamlNode {
  YamlKind kind = YamlKind::kNull;
  std::string text;     // of a scalar
  bool quoted = false;  // a scalar in quotes, or a block of text: always a string
  std::vector<YamlPtr> items;       // of a list
  std::vector<YamlEntry> entries;   // of a map, in order of appearance, keys unique
  size_t values = 1;                // nodes of the subtree, aliases expanded
  Origin origin;

  const YamlEntry* find(std::string_view key) const;
};

struct YamlEntry {
  std::string key;
  Origin key_origin;
  YamlPtr value;
};

// "a list", "a map", "'text'", ...: a value as error messages name it.
std::string describe(const YamlNode& node);

// `root` is null when the text cannot be read at all. Errors of the kinds that leave the rest readable (duplicate keys,
// merge keys, tags) are all reported at once.
struct YamlDocument {
  YamlPtr root;
  std::vector<Error> errors;
};

enum class YamlPlaces { kLineAndColumn, kSourceOnly };

// `source` names the text in errors and origins. An empty text is a null root where places are kSourceOnly, else an
// error.
YamlDocument read_yaml(std::string_view text, const std::string& source,
                       YamlPlaces places = YamlPlaces::kLineAndColumn);
YamlDocument read_yaml_file(const std::string& path);

}  // namespace hone
