// The one schema of a configuration. A struct lists each of its fields once, in a member `Fields fields()`, as views of
// its members; parsing, JSON Schema, help, the resolved dump and comparison work on these views.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/yaml_reader.h"

namespace hone {

struct Field;
using Fields = std::vector<Field>;

// Allowed values of a number, both ends included unless `above_min`.
struct Range {
  double min = 0;
  double max = 0;
  bool above_min = false;

  bool contains(double value) const { return value <= max && (above_min ? value > min : value >= min); }
};
constexpr Range between(double min, double max) { return {min, max, false}; }
constexpr Range above(double min, double max) { return {min, max, true}; }

// Whether a field belongs where it stands; another field of the same struct decides.
struct Condition {
  bool holds = true;
  std::string wanted;  // "kind grpo"; empty: the field always belongs
  std::string decider; // "kind"
  std::string actual;  // the decider's value
};

// What a change does to a run that is resumed.
enum class OnResume {
  kRefused,   // another run
  kRecorded,  // has no part in the weights, but in what is reported
  kFree,      // has no part in the result
};

struct FieldInfo {
  std::string help;
  std::optional<Range> range;        // required for int64_t and double
  std::vector<std::string> choices;  // of a string; empty: any. An empty text stands for none given
  Condition only;
  std::string derived;  // what the value is taken from when none is given; the member's default then means "none given"
  bool required = false;
  bool decides = false;  // which other fields the struct has depends on it: bound before them
  bool is_name = false;  // a string for which is_name() holds
  bool is_file = false;  // a path relative to the file in which it stands; absolute after binding
  OnResume on_resume = OnResume::kRefused;
};

struct EnumView {
  std::span<const char* const> names;  // by value
  std::function<int()> get;
  std::function<void(int)> set;
};
struct SectionView {
  std::function<Fields()> fields;
};
// The views of an item are valid until the next append.
struct ListView {
  std::function<size_t()> size;
  std::function<Fields(size_t)> item;
  std::function<void()> clear;
  std::function<void()> append;
  std::function<Fields()> prototype;  // of an item with its defaults, for documentation
};

using FieldView = std::variant<bool*, int64_t*, uint64_t*, double*, std::optional<double>*, std::string*,
                               std::vector<std::string>*, EnumView, SectionView, ListView>;

struct Field {
  std::string name;
  FieldInfo info;
  FieldView view;

  bool is_section() const { return std::holds_alternative<SectionView>(view); }
  bool is_list() const { return std::holds_alternative<ListView>(view); }
  bool is_leaf() const { return !is_section() && !is_list(); }
};

// An enum E is a field when enum_names(E) gives its names: enumerators count from 0.
template <class T>
Field field(std::string name, T& target, FieldInfo info) {
  if constexpr (std::is_enum_v<T>) {
    return {std::move(name), std::move(info),
            EnumView{enum_names(T{}), [&target] { return static_cast<int>(target); },
                     [&target](int value) { target = static_cast<T>(value); }}};
  } else if constexpr (requires { target.fields(); }) {
    return {std::move(name), std::move(info), SectionView{[&target] { return target.fields(); }}};
  } else {
    constexpr bool kNeedsRange = std::is_same_v<T, int64_t> || std::is_same_v<T, double> ||
                                 std::is_same_v<T, std::optional<double>>;
    HONE_CHECK(!kNeedsRange || info.range, name, " has no range");
    return {std::move(name), std::move(info), &target};
  }
}

template <class T>
  requires requires(T item) { item.fields(); }
Field field(std::string name, std::vector<T>& target, FieldInfo info) {
  return {std::move(name), std::move(info),
          ListView{[&target] { return target.size(); }, [&target](size_t i) { return target[i].fields(); },
                   [&target] { target.clear(); }, [&target] { target.emplace_back(); },
                   [item = std::make_shared<T>()] { return item->fields(); }}};
}

// Assigns a tree to fields. One binding serves one tree: it gathers what went wrong and where every value came from.
// Paths are dotted; a list's item stands under its name ("stages.zero.steps"), or "[i]" where it has none of its own.
class Binding {
 public:
  // Fills all that is right and reports all that is not. Conditions are judged when the leaves of a struct are filled.
  void bind(const std::function<Fields()>& root, const YamlNode& tree);

  const std::vector<Error>& errors() const { return errors_; }
  const std::map<std::string, Origin>& origins() const { return origins_; }

  bool given(const std::string& path) const { return origins_.contains(path); }
  // An error was reported for this path, so its value is not what the user meant.
  bool failed(const std::string& path) const { return failed_.contains(path); }
  // The path of the i-th item assigned to a list.
  const std::string& item_path(const std::string& list, size_t i) const { return items_.at(list).at(i); }
  // The origin of the value, or of the nearest value around it.
  Origin origin_near(std::string path) const;
  void fail(const Origin& origin, const std::string& path, std::string message);

 private:
  using Describe = std::function<Fields()>;
  void bind_map(const Describe& describe, const YamlNode& map, const std::string& path, const Origin& origin);
  void bind_deciders(const Fields& fields, const YamlNode& map, const std::string& path);
  void bind_leaves(const Fields& fields, const YamlNode& map, const std::string& path);
  void bind_entry(const Field& field, const YamlEntry& entry, const std::string& path);
  void bind_list(const ListView& list, const YamlNode& items, const std::string& path);
  void check_conditions(const Fields& fields, const YamlNode& map, const std::string& path);
  bool undecided(const Fields& fields, const Field& field, const std::string& path) const;
  void check_required(const Fields& fields, const YamlNode& map, const std::string& path, const Origin& origin);
  void report_unknown(const Fields& fields, const YamlEntry& entry, const std::string& path);

  Fields root_;
  std::vector<Error> errors_;
  std::map<std::string, Origin> origins_;
  std::set<std::string> failed_;
  std::map<std::string, std::vector<std::string>> items_;  // paths by path of the list
};

// Assigns one value; the problem, or empty if there is none.
std::string assign(const Field& field, const YamlNode& value);

// "path.step", or "step" at the top.
std::string dotted(const std::string& path, const std::string& step);

// 1 to 64 of a-z, 0-9, '_' and '-'.
bool is_name(std::string_view text);

// A leaf's value as YAML that reads back as the same value.
std::string to_yaml(const Field& leaf);

// Every leaf that belongs where it stands, by path, in the order of the schema.
struct Leaf {
  std::string path;
  std::string value;  // as YAML
  OnResume on_resume;
};
std::vector<Leaf> flatten(const Fields& fields, const std::string& path = "");

// The whole tree as YAML, each leaf with its origin as a comment.
std::string dump_yaml(const Fields& fields, const std::map<std::string, Origin>& origins);

// JSON Schema, draft 2020-12.
std::string json_schema(const Fields& fields, const std::string& title);

// Help on a field or a section. Lists are written stages.learning_rate or stages.<any name>.learning_rate.
Result<std::string> explain_field(const Fields& fields, const std::string& path);

// Type, bounds, default and condition of a field in words.
std::string describe_type(const Field& field);
std::string describe_default(const Field& field);

}  // namespace hone
