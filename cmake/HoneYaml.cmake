# yaml-cpp, static where the distribution ships the archive, so that the program runs on machines without the package.
# Its own CMake package offers only the shared library, under a target name that differs between 0.7 and 0.8.
include_guard(GLOBAL)
find_library(HONE_YAML_LIBRARY NAMES libyaml-cpp.a yaml-cpp REQUIRED)
find_path(HONE_YAML_INCLUDE yaml-cpp/yaml.h REQUIRED)
add_library(yaml-cpp::yaml-cpp UNKNOWN IMPORTED)
set_target_properties(yaml-cpp::yaml-cpp PROPERTIES IMPORTED_LOCATION "${HONE_YAML_LIBRARY}"
                      INTERFACE_INCLUDE_DIRECTORIES "${HONE_YAML_INCLUDE}")
