// The CPU backends that this machine can run, as parameters of a test.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "kernels/backend.h"

namespace hone::test {

inline std::vector<const kernels::Backend*> cpu_backends(std::vector<kernels::DType> compact) {
  std::vector<const kernels::Backend*> out;
  for (const char* isa : {"amx", "avx512_bf16", "avx512", "avx2"}) {
    setenv("HONE_ISA", isa, 1);
    for (const kernels::DType dtype : compact) {
      const auto* backend = &kernels::cpu_backend(dtype);
      if (std::ranges::find(out, backend) == out.end()) out.push_back(backend);
    }
  }
  unsetenv("HONE_ISA");
  return out;
}

inline std::string backend_name(const testing::TestParamInfo<const kernels::Backend*>& info) {
  std::string name = info.param->name;
  std::ranges::replace(name, '-', '_');
  return name;
}

}  // namespace hone::test
