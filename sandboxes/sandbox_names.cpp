#include "sandboxes/sandbox.h"

namespace hone::sandboxes {

std::string to_string(Tier tier) {
  switch (tier) {
    case Tier::kNamespaces:
      return "namespaces";
    case Tier::kLandlock:
      return "landlock";
    case Tier::kUnsafe:
      return "none";
  }
  return "";
}

std::string to_string(Ending ending) {
  switch (ending) {
    case Ending::kInfra:
      return "infra";
    case Ending::kCpuLimit:
      return "cpu_limit";
    case Ending::kWallLimit:
      return "wall_limit";
    case Ending::kMemoryLimit:
      return "memory_limit";
    case Ending::kOutputLimit:
      return "output_limit";
    case Ending::kSignalled:
      return "signalled";
    case Ending::kExited:
      return "exited";
  }
  return "";
}

}  // namespace hone::sandboxes
