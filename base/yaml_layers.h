// Layers of configuration: a file, the files it extends, arguments of the command line. Maps merge, anything else is
// replaced by the layer above; null takes the value back to the built-in default.
#pragma once

#include <string>
#include <vector>

#include "base/yaml_reader.h"

namespace hone {

// Entries of `above` win over those of `below`; every value keeps its own origin.
YamlPtr merge_yaml(const YamlPtr& below, const YamlPtr& above);

// The file over what its key `extends` names: a path or a list of paths relative to the file, later ones win. The key
// itself is gone from the result. `root` is null when the file cannot be read.
YamlDocument read_yaml_layers(const std::string& path);

// Lays `a.b.c=value` over the tree; the value is YAML. A step into a list goes by the `name` of its maps, or by their
// `checker` where they have no name. Origins and errors name the argument.
YamlDocument apply_argument(const YamlPtr& root, const std::string& argument);

// The source in origins and errors of an argument: command line 'a.b.c=value'.
std::string argument_source(const std::string& argument);

// The name by which a list's item is addressed; empty if it has none.
std::string item_name(const YamlNode& item);

}  // namespace hone
