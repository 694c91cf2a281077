#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace hone {

void check_failed(const char* file, int line, const char* expression, const std::string& values) {
  std::fprintf(stderr, "%s:%d: check failed: %s (%s)\n", file, line, expression, values.c_str());
  std::fflush(stderr);
  std::abort();
}

}  // namespace hone
