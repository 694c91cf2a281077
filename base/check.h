// HONE_CHECK: contracts between parts of hone, checked in every build. A broken contract is a bug, so it aborts with
// the expression, the values and the place; bad input from outside is an Error (base/result.h), never a check.
#pragma once

#include <sstream>
#include <string>

namespace hone {

// Prints the message and the place to stderr, then aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* expression, const std::string& values);

template <class... Args>
std::string str(const Args&... args) {
  std::ostringstream out;
  (out << ... << args);
  return out.str();
}

}  // namespace hone

#define HONE_CHECK(condition, ...)                                                                  \
  do {                                                                                              \
    if (!(condition)) ::hone::check_failed(__FILE__, __LINE__, #condition, ::hone::str(__VA_ARGS__)); \
  } while (false)

#define HONE_CHECK_OP(op, a, b)                                                                          \
  do {                                                                                                   \
    const auto& check_a = (a);                                                                           \
    const auto& check_b = (b);                                                                           \
    if (!(check_a op check_b))                                                                           \
      ::hone::check_failed(__FILE__, __LINE__, #a " " #op " " #b, ::hone::str(check_a, " vs ", check_b)); \
  } while (false)

#define HONE_CHECK_EQ(a, b) HONE_CHECK_OP(==, a, b)
#define HONE_CHECK_LE(a, b) HONE_CHECK_OP(<=, a, b)
#define HONE_CHECK_LT(a, b) HONE_CHECK_OP(<, a, b)
