// A sandbox on other machines: a server that speaks SandboxFusion's POST /run_code
// (github.com/bytedance/SandboxFusion, read at 469de08).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "sandboxes/sandbox.h"

namespace hone::sandboxes {

struct RemoteOptions {
  std::string url;           // "http://host:8080"; /run_code is appended where it has no path
  int slots = 32;            // runs at a time
  int64_t retries = 2;       // further tries when a connection fails or is lost
  double spare_seconds = 30; // how much longer than the run's own limit an answer may take
};

// run() sends the request as a bash program that starts it with its input in a file and its output into files, so bytes
// arrive as they are. What the server does not report is coarser than in the sandbox here: cpu_seconds is that of
// bash's `time`, limited in whole seconds for each process; memory_mib is 0, and too much of it looks like a crash;
// wall_seconds is elapsed time. tier() is kUnsafe: what isolates programs there is not known here. spawn() is an error.
// An exit code above 128 counts as the signal 128 less.
Result<std::shared_ptr<Sandbox>> connect_remote(const RemoteOptions& options);

}  // namespace hone::sandboxes
