// The command line that makes a box.
#pragma once

#include <vector>

#include "base/file.h"
#include "sandboxes/daemon/launch.h"
#include "sandboxes/daemon/slot.h"

namespace hone::sandboxd {

// `server_end`: the socket of the box's server. `opened` gets the descriptors that the command needs until it started.
Result<Launch> box_command(const Settings& settings, Tier tier, int slot, bool warm, int server_end,
                           std::vector<FileDescriptor>& opened);

}  // namespace hone::sandboxd
