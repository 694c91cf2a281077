#include "trainer/run_config_load.h"

#include <algorithm>
#include <cstddef>
#include <tuple>

#include "base/schema.h"
#include "base/yaml_layers.h"
#include "trainer/run_config_checks.h"

namespace hone::trainer {
namespace {

void append(std::vector<Error>& errors, const std::vector<Error>& more) {
  errors.insert(errors.end(), more.begin(), more.end());
}

// The file that the user named, the files below it, the arguments; each from top to bottom.
ConfigErrors in_order(std::vector<Error> errors, const std::string& path, const std::vector<std::string>& arguments) {
  const auto rank = [&](const Error& error) {
    const auto argument = std::find_if(arguments.begin(), arguments.end(),
                                       [&](const std::string& text) { return error.file == argument_source(text); });
    if (argument != arguments.end()) return 2 + (argument - arguments.begin());
    return std::ptrdiff_t{error.file == path ? 0 : 1};
  };
  const auto key = [&](const Error& error) {
    return std::make_tuple(rank(error), error.file, error.line, error.column);
  };
  std::stable_sort(errors.begin(), errors.end(), [&](const Error& a, const Error& b) { return key(a) < key(b); });
  return {std::move(errors)};
}

}  // namespace

std::variant<ResolvedConfig, ConfigErrors> load_run_config(const std::string& path,
                                                           const std::vector<std::string>& arguments) {
  YamlDocument document = read_yaml_layers(path);
  if (document.root == nullptr || (document.root->kind == YamlKind::kNull && !document.errors.empty())) {
    return in_order(std::move(document.errors), path, arguments);
  }
  std::vector<Error> errors = std::move(document.errors);
  YamlPtr tree = document.root;
  for (const std::string& argument : arguments) {
    YamlDocument changed = apply_argument(tree, argument);
    append(errors, changed.errors);
    tree = changed.root;
  }
  ResolvedConfig resolved;
  Binding binding;
  binding.bind([&] { return resolved.config.fields(); }, *tree);
  if (tree->kind == YamlKind::kMap) ConfigChecks(resolved.config, binding).resolve(path);
  append(errors, binding.errors());
  if (!errors.empty()) return in_order(std::move(errors), path, arguments);
  resolved.origins = binding.origins();
  return resolved;
}

std::string ResolvedConfig::to_yaml() const {
  RunConfig copy = config;  // the views of fields() are not const
  return dump_yaml(copy.fields(), origins);
}

std::string ConfigErrors::to_string() const {
  std::string out;
  for (const Error& error : errors) out += error.to_string() + "\n";
  return out;
}

std::string config_json_schema() {
  RunConfig defaults;
  return json_schema(defaults.fields(), "hone run configuration");
}

Result<std::string> explain_config(const std::string& path) {
  RunConfig defaults;
  return explain_field(defaults.fields(), path);
}

}  // namespace hone::trainer
