// From a configuration file to a RunConfig that is complete and consistent, or to everything that is wrong with it.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/yaml_reader.h"
#include "trainer/run_config.h"

namespace hone::trainer {

struct ResolvedConfig {
  RunConfig config;
  std::map<std::string, Origin> origins;  // of every value that was given, by path; "stages.zero.steps"

  // The whole configuration with the origin of every value as a comment; reads back as the same configuration.
  std::string to_yaml() const;
};

// Never empty; in the order of the files' lines, then of the arguments.
struct ConfigErrors {
  std::vector<Error> errors;

  std::string to_string() const;  // one error a line: "file:line:column: path: problem"
};

// The file over what it extends, then `arguments` ("stages.zero.steps=100") from left to right. Also reads the
// config.yaml of a run directory.
std::variant<ResolvedConfig, ConfigErrors> load_run_config(const std::string& path,
                                                           const std::vector<std::string>& arguments = {});

// JSON Schema, draft 2020-12, of a configuration file.
std::string config_json_schema();

// Help on a field or section: "stages.zero.steps", "stages.steps", "policy".
Result<std::string> explain_config(const std::string& path);

}  // namespace hone::trainer
