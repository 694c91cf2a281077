#include "base/json.h"

HONE_JSON_TEMPLATES(, nlohmann::basic_json<>)
HONE_JSON_TEMPLATES(, nlohmann::basic_json<nlohmann::ordered_map>)
