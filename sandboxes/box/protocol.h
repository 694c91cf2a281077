// What hone-sandboxd and the inside of a box say to each other. Both come from one build and run on one machine, so
// structures travel as they lie in memory.
//
// Server socket (SOCK_SEQPACKET): the server sends kReady once; each run is one kGo with the run's descriptors.
// Control socket of a run (SOCK_STREAM): hone-sandboxd sends a Plan and what follows it, the run's init answers with a
// Report and what follows it, then closes. When hone-sandboxd shuts its side or dies, the run is killed.
#pragma once

#include <cstdint>

namespace hone::box {

inline constexpr char kReady = 'r';
inline constexpr char kGo = 'g';
inline constexpr int kMaxWords = 4096;              // of argv, files or fetch
inline constexpr uint64_t kMaxWordBytes = 1 << 20;  // one word of argv, one name
inline constexpr uint64_t kMaxFetchBytes = 64 << 20;

// Descriptors of a run, in the order in which kGo carries them; the last two only with a channel.
struct RunDescriptors {
  int control, in, out, err, to_program, from_program;
};

struct Plan {
  double cpu_seconds, wall_seconds;
  int64_t memory_bytes, files_bytes, processes;
  uint64_t given_bytes;  // of all files together
  uint32_t python;       // argv[0] is a Python program for the warm interpreter
  uint32_t words, files, fetch;
};
// Then: words x String; files x {String name, uint32_t executable, uint64_t size, bytes}; fetch x String.
// String: uint32_t size, bytes.

// Values of sandboxes::Ending that the inside can tell.
enum class End : uint32_t { kInfra, kCpuLimit, kWallLimit, kMemoryLimit, kSignalled, kExited };

struct Report {
  End end;
  int32_t code;
  double cpu_seconds, wall_seconds;
  int64_t memory_bytes;
  char reason[160];
  uint32_t fetched;
};
// Then: fetched x {uint32_t index into the plan's fetch, uint64_t size, bytes}.

// What the supervisor of a worker tells.
struct WorkerNote {
  static constexpr int32_t kCpu = 0, kEnded = 1;
  int32_t kind, status;  // status as of waitpid
  double cpu_seconds;
};

// How the box isolates.
enum class Walls : uint32_t { kNamespaces, kLandlock, kNone };

struct BoxConfig {
  Walls walls = Walls::kNone;
  // kNamespaces: where the working directory is mounted; else the parent of those of the runs.
  const char* directory = "/box";
  const char* python = "";  // interpreter of Python programs
  bool warm = false;        // the server is itself an interpreter
  bool own_user = false;    // no other process has the server's user number
};

}  // namespace hone::box
