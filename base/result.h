// Result<T>: a value or an Error. Everything that can fail for a reason outside the program (files, configuration,
// data, processes) returns one; nothing throws across a thread, a port or a folder.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace hone {

enum class ErrorCode {
  kInvalid,      // malformed input: configuration, data, command line
  kNotFound,     // a file or name that does not exist
  kIo,           // the operating system refused; the message holds its reason
  kCorrupt,      // a checksum or a structure does not hold
  kInUse,        // another process holds the lock
  kGuard,        // a guard stopped the run: parity, non-finite numbers, failed checks
  kInterrupted,  // SIGINT or SIGTERM
};

struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string message;  // what is wrong and what would be right, one line
  std::string file;     // the file meant, empty if none
  int line = 0;         // 1-based, 0 if none
  int column = 0;       // 1-based, 0 if none
  std::string field;    // dotted path or name of the field, empty if none

  // "file:line:column: field: message", parts that are empty left out.
  std::string to_string() const;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return check_ok(), std::get<0>(state_); }
  const T& value() const& { return check_ok(), std::get<0>(state_); }
  T value() && { return check_ok(), std::get<0>(std::move(state_)); }
  const Error& error() const {
    HONE_CHECK(!ok(), "no error in this result");
    return std::get<1>(state_);
  }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  void check_ok() const { HONE_CHECK(ok(), std::get<1>(state_).to_string()); }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    HONE_CHECK(!ok(), "no error in this result");
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace hone

#define HONE_CONCAT_INNER(a, b) a##b
#define HONE_CONCAT(a, b) HONE_CONCAT_INNER(a, b)

// Returns the error of a Result<void> (or drops the value of another) to the caller.
#define HONE_TRY(expression)                                   \
  do {                                                         \
    auto try_result = (expression);                            \
    if (!try_result.ok()) return try_result.error();           \
  } while (false)

// HONE_TRY_ASSIGN(auto x, f()): declares or assigns x from the value, or returns the error to the caller.
#define HONE_TRY_ASSIGN(target, expression) HONE_TRY_ASSIGN_INNER(HONE_CONCAT(try_, __LINE__), target, expression)
#define HONE_TRY_ASSIGN_INNER(name, target, expression) \
  auto name = (expression);                             \
  if (!name.ok()) return name.error();                  \
  target = std::move(name).value()
