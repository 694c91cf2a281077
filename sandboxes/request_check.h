#pragma once

#include "sandboxes/sandbox.h"

namespace hone::sandboxes {

// The rules of RunRequest. The error names what breaks them.
Result<void> check(const RunRequest& request);

}  // namespace hone::sandboxes
