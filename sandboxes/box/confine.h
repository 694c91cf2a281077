// What a program gives up before it runs. All of it is inherited by what it starts and cannot be taken back.
#pragma once

#include "sandboxes/box/protocol.h"

namespace hone::box {

// Resource limits of one process. `tasks` is RLIMIT_NPROC, which counts all processes of the user in the box.
bool limit_resources(const Plan& plan, int64_t tasks);
// No privilege can be gained by exec, and none is left.
bool drop_privileges();
// Landlock: reads and executes /usr and what programs need to start, writes only below `directory`. False where the
// kernel has none.
bool landlock_to(const char* directory);
// The Landlock version of this kernel; 0: none.
int landlock_version();
// Denies the system calls by which programs leave sandboxes, and all sockets but pairs.
bool filter_system_calls();

}  // namespace hone::box
