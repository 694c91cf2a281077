// nlohmann::json for all of hone: its templates are compiled once, in json.cpp; each file that parses or prints would
// take seconds and a megabyte for them. Include this instead of the library's header.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

// Parsing of what `Iterator` runs over.
#define HONE_JSON_PARSER(prefix, Json, Iterator)                                                           \
  prefix template class nlohmann::detail::lexer<Json, nlohmann::detail::iterator_input_adapter<Iterator>>; \
  prefix template class nlohmann::detail::parser<Json, nlohmann::detail::iterator_input_adapter<Iterator>>;

#define HONE_JSON_TEMPLATES(prefix, Json)                   \
  prefix template class Json;                               \
  prefix template class nlohmann::detail::serializer<Json>; \
  HONE_JSON_PARSER(prefix, Json, const char*)               \
  HONE_JSON_PARSER(prefix, Json, std::string::const_iterator)

HONE_JSON_TEMPLATES(extern, nlohmann::basic_json<>)
HONE_JSON_TEMPLATES(extern, nlohmann::basic_json<nlohmann::ordered_map>)
