// What a machine lets a sandbox do, told for people.
#pragma once

#include <string>

#include "sandboxes/sandbox.h"

namespace hone::sandboxd {

// Fills holds and lacks for the report's tier.
void describe(sandboxes::SandboxReport& report, bool warm_python);
// The commands that would make `tier` work, which failed with `reason`.
void advise(sandboxes::SandboxReport& report, sandboxes::Tier tier, const std::string& reason);

}  // namespace hone::sandboxd
