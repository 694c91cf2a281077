#include "policy/field_reader.h"

namespace hone::policy {

using Json = nlohmann::json;

namespace {

// A value inside a message, cut where it is long.
std::string shown(const Json& value) {
  constexpr size_t kMost = 80;
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
}

}  // namespace

const Json* FieldReader::find(const char* name) const {
  const auto at = object_.find(name);
  return at == object_.end() || at->is_null() ? nullptr : &*at;
}

int64_t FieldReader::integer(const char* name, int64_t fallback, int64_t low, int64_t high) const {
  const Json* value = find(name);
  if (!value) return fallback;
  const bool fits = value->is_number_integer() &&
                    !(value->is_number_unsigned() && value->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX));
  if (!fits || value->get<int64_t>() < low || value->get<int64_t>() > high) {
    fail(name, str("is ", shown(*value), ", must be an integer from ", low, " to ", high));
    return low;
  }
  return value->get<int64_t>();
}

int64_t FieldReader::required(const char* name, int64_t low, int64_t high) const {
  if (!find(name)) fail(name, "is missing");
  return integer(name, low, low, high);
}

int64_t FieldReader::required_or_null(const char* name, int64_t low, int64_t high) const {
  if (!has(name)) fail(name, "is missing (null means none)");
  return integer(name, 0, low, high);
}

double FieldReader::number(const char* name, double fallback, double low, double high) const {
  const Json* value = find(name);
  if (!value) return fallback;
  if (!value->is_number() || !(value->get<double>() >= low && value->get<double>() <= high)) {
    fail(name, str("is ", shown(*value), ", must be a number from ", low, " to ", high));
    return fallback;
  }
  return value->get<double>();
}

double FieldReader::required_number(const char* name, double low, double high) const {
  if (!find(name)) fail(name, "is missing");
  return number(name, low, low, high);
}

bool FieldReader::flag(const char* name, bool fallback) const {
  const Json* value = find(name);
  if (!value) return fallback;
  if (!value->is_boolean()) fail(name, str("is ", shown(*value), ", must be true or false"));
  return value->is_boolean() ? value->get<bool>() : fallback;
}

std::string FieldReader::text(const char* name, const std::string& fallback) const {
  const Json* value = find(name);
  if (!value) return fallback;
  if (!value->is_string()) fail(name, str("is ", shown(*value), ", must be a string"));
  return value->is_string() ? value->get<std::string>() : fallback;
}

void FieldReader::expect(const char* name, const Json& only) const {
  const Json* value = find(name);
  if (!value || *value == only) return;
  fail(name, str("is ", shown(*value), "; hone implements ", only.is_null() ? "models without it" : only.dump()));
}

void FieldReader::fail(const std::string& field, const std::string& message) const {
  if (!error_) error_ = Error{ErrorCode::kInvalid, message, file_, 0, 0, prefix_ + field};
}

}  // namespace hone::policy
