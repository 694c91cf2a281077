// What hone doctor says of CUDA: driver, devices, plug-in.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace hone::cli {

// What, and what was found or how to get it. Nothing of it is a problem: hone runs on the CPU without.
std::vector<std::pair<std::string, std::string>> look_at_cuda();

}  // namespace hone::cli
