// SIGINT and SIGTERM: the first asks the work to stop where its state is safe, the second ends the program at once.
#pragma once

#include <atomic>

namespace hone::cli {

// From here on the first signal only sets the flag that is returned; before this call signals end the program. Also
// ignores SIGPIPE, so that a reader that goes away does not end the work. Called once at most.
const std::atomic<bool>& stop_on_signal();

// The signal that set the flag; SIGINT if there was none.
int received_signal();

}  // namespace hone::cli
