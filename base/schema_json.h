// Fields of a schema from and to JSON objects.
#pragma once

#include <functional>

#include "base/json.h"
#include "base/schema.h"

namespace hone {

// Assigns the members of an object. The first thing that is wrong (an unknown key, a value out of bounds, a missing
// required field, a field that does not belong here) is the Error, with `field` naming it.
Result<void> bind_json(const std::function<Fields()>& describe, const nlohmann::json& object);

// Every leaf that belongs where it stands, sections as objects, lists as arrays. bind_json gives the same values back.
nlohmann::json to_json(const Fields& fields);

}  // namespace hone
