// Runs programs that nobody trusts. hone-sandboxd, a small process of its own, spawns and watches them; this is its
// client. What a program may reach: its own files, /usr read-only, its three standard streams. No network, no other
// process, nothing of the host or of another run.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace hone::sandboxes {

// Each holds for all processes of a run together.
struct Limits {
  double cpu_seconds = 2;
  // Time in which the program ran or was blocked. Time spent runnable without a processor does not count; ten times
  // this in elapsed time ends the run as kInfra.
  double wall_seconds = 10;
  int64_t memory_mib = 512;   // resident
  int64_t output_mib = 8;     // of stdout
  int64_t files_mib = 64;     // of what it writes to files
  int64_t processes = 32;     // processes and threads
};

// How much of the host a program can reach, best first.
enum class Tier {
  kNamespaces,  // "A": bubblewrap, an init of ours as process 1, seccomp, rlimits, cgroups where they can be had
  kLandlock,    // "B": Landlock, seccomp, rlimits: where user namespaces are forbidden
  kUnsafe,      // "none": rlimits alone; only when the user allowed it
};
std::string to_string(Tier tier);

struct SandboxOptions {
  int slots = 0;                      // runs at a time; 0: one a core
  Tier best_tier = Tier::kNamespaces;  // nothing better is tried; for tests
  Tier min_tier = Tier::kLandlock;    // start fails where the machine gives less
  bool allow_unsafe = false;          // kUnsafe where nothing better can be had
  std::string python = "";            // interpreter of Python programs; "": /usr/bin/python3, else python3 of PATH
};

// A file of the run's working directory. `name`: 1 to 128 of A-Z, a-z, 0-9, '.', '_', '-', not beginning with a dot.
struct BoxFile {
  std::string name;
  std::shared_ptr<const std::string> bytes;
  bool executable = false;
};

enum class Runner {
  kProgram,  // argv[0] is looked up in the working directory ("./name"), else in /usr/bin and /bin
  // argv[0] names a file of the working directory: a Python program, run by a warm interpreter. It does what
  // `python3 -I -S` does, and besides imports files of the working directory, has exit() and quit(), and hashes strings
  // the same every time.
  kPython,
};

struct RunRequest {
  Runner runner = Runner::kProgram;
  std::vector<std::string> argv;
  std::vector<BoxFile> files;
  std::shared_ptr<const std::string> input;     // stdin; null: empty
  // Given: descriptor 3 reads these bytes, and what is written to descriptor 4 comes back in RunResult::channel.
  std::shared_ptr<const std::string> channel;
  std::vector<std::string> fetch;               // regular files of the working directory to bring back, 64 MiB in all
  Limits limits;
};

// The first that applies, in this order.
enum class Ending {
  kInfra,        // the sandbox failed, not the program; worth another try
  kCpuLimit,
  kWallLimit,
  kMemoryLimit,
  kOutputLimit,
  kSignalled,    // code is the signal
  kExited,       // code is the exit code
};
std::string to_string(Ending ending);

struct RunResult {
  Ending ending = Ending::kInfra;
  int code = 0;
  double cpu_seconds = 0;   // of all processes
  double wall_seconds = 0;  // as limited
  double memory_mib = 0;    // peak
  std::string out;          // stdout, up to the limit
  std::string err;          // the first 64 KiB of stderr
  std::string channel;      // up to 8 MiB
  std::vector<BoxFile> fetched;  // those that exist as regular files
  std::string reason;       // one line for people; of kInfra always
};

// What this machine gives.
struct SandboxReport {
  Tier tier = Tier::kUnsafe;
  bool available = false;               // a program can be run at `tier`, tried
  std::vector<std::string> holds;       // what is isolated or limited, one line each
  std::vector<std::string> lacks;       // what cannot be held here
  std::vector<std::string> advice;      // exact commands that would raise the tier or close a lack
};

// A process that lives across many requests and speaks over its standard streams: a checker in another language. Its
// author is trusted (it is the user's own file), it is not isolated, but it has no descriptor and no environment
// variable of ours besides those given, and it ends with us.
struct WorkerRequest {
  std::vector<std::string> argv;         // argv[0] is looked up in PATH
  std::vector<std::string> environment;  // "NAME=value", besides PATH, HOME and LANG
  std::string directory;                 // working directory; "": that of hone
};
class Worker {
 public:
  virtual ~Worker() = default;           // kills it and all that it started, and waits
  virtual int in() const = 0;            // its stdin: we write, O_NONBLOCK
  virtual int out() const = 0;           // its stdout: we read, O_NONBLOCK
  virtual int err() const = 0;           // its stderr: we read, O_NONBLOCK
  // CPU time used so far by all its processes, seconds; nullopt when it is gone.
  virtual std::optional<double> cpu_seconds() const = 0;
  // "exited with code 3", "killed by signal 9", or empty while it runs.
  virtual std::string ended() const = 0;
  virtual void kill() = 0;
};

// Threads share a sandbox. Start it before a model is loaded. When hone-sandboxd dies it is started again; runs that
// were under way are tried once more and end as kInfra when that fails too.
class Sandbox {
 public:
  virtual ~Sandbox() = default;  // kills what still runs
  static Result<std::shared_ptr<Sandbox>> start(const SandboxOptions& options);
  static SandboxReport probe(const SandboxOptions& options);

  virtual Tier tier() const = 0;
  virtual int slots() const = 0;
  // Waits for a free slot and for the end of the run. Error kInvalid for a request that breaks its own rules; what the
  // program or the machine does is in the result.
  virtual Result<RunResult> run(const RunRequest& request) = 0;
  virtual Result<std::unique_ptr<Worker>> spawn(const WorkerRequest& request) = 0;
};

}  // namespace hone::sandboxes
