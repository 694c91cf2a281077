// The server of a slot: waits for runs and gives each an init of its own.
#pragma once

#include "sandboxes/box/run.h"

namespace hone::box {

// Serves until the other side of the socket is gone, then ends the process. Returns only as run_as_init does.
Words serve(const BoxConfig& config, int socket);

}  // namespace hone::box
