// Typed access to the fields of a JSON object that holds configuration. Internal to policy/.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace hone::policy {

// The first thing that is wrong is kept and named by file and field; what follows reads fallbacks. A field that is null
// counts as absent. Objects and strings given to it must outlive it.
class FieldReader {
 public:
  // Fields are named `prefix` + name. Problems go to `error` unless it holds one.
  FieldReader(const nlohmann::json& object, std::string file, std::string prefix, std::optional<Error>& error)
      : object_(object), file_(std::move(file)), prefix_(std::move(prefix)), error_(error) {}

  // nullptr: absent or null.
  const nlohmann::json* find(const char* name) const;
  bool has(const char* name) const { return object_.contains(name); }  // null counts
  // The one of two names of a field that the file has; `name` if it has neither.
  const char* either(const char* name, const char* other) const { return !find(name) && find(other) ? other : name; }

  int64_t integer(const char* name, int64_t fallback, int64_t low, int64_t high) const;
  int64_t required(const char* name, int64_t low, int64_t high) const;
  // 0 for null, but the field must be there.
  int64_t required_or_null(const char* name, int64_t low, int64_t high) const;
  double number(const char* name, double fallback, double low, double high) const;
  double required_number(const char* name, double low, double high) const;
  bool flag(const char* name, bool fallback) const;
  std::string text(const char* name, const std::string& fallback) const;
  // Absent, null, or the one value that hone implements.
  void expect(const char* name, const nlohmann::json& only) const;
  void fail(const std::string& field, const std::string& message) const;
  // The fields of an object inside.
  FieldReader inside(const char* name) const { return {*find(name), file_, prefix_ + name + ".", error_}; }

 private:
  const nlohmann::json& object_;
  const std::string file_, prefix_;
  std::optional<Error>& error_;
};

}  // namespace hone::policy
