#pragma once

namespace hone::box {

// Starts a trusted program on the standard streams and keeps hold of all that it starts. Its socket answers 'c' with a
// WorkerNote of the CPU time so far and tells the program's end unasked; when the other side is gone, or the parent,
// everything is killed. `parent`: its process number; it may be gone already. Returns an exit code.
int supervise_worker(int socket, int parent, char** words);

}  // namespace hone::box
