// Small kernels, each once with a mistake and once without, to see what the emulator finds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/emulator.h"

namespace hone::test {

struct Planted {
  const char* name;
  void (*launch)(EmulatedDevice&);
  std::optional<FaultKind> fault;
  std::string says;  // a part of the fault's text
};

const std::vector<Planted>& planted();

}  // namespace hone::test
