// hone-sandboxd as its client sees it: a child process with one connection a slot and one for workers.
#pragma once

#include <sys/types.h>

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "sandboxes/sandbox.h"

namespace hone::sandboxes {

class DaemonLink {
 public:
  struct Settings {
    int slots = 1;
    Tier best = Tier::kNamespaces, worst = Tier::kNamespaces;
    std::string python;
  };
  // Starts hone-sandboxd, which lies next to this program, and waits for its report.
  static Result<std::shared_ptr<DaemonLink>> start(const Settings& settings);
  ~DaemonLink();  // ends it and all that it started

  const SandboxReport& report() const { return report_; }
  // Sends a frame on the slot's connection and waits for the answer; nullopt when hone-sandboxd is gone. One thread a
  // slot at a time.
  std::optional<std::string> exchange(int slot, const std::string& frame);

  // The supervisor's socket, then stdin, stdout and stderr of the worker.
  using WorkerDescriptors = std::array<FileDescriptor, 4>;
  // Threads may call at the same time. nullopt when hone-sandboxd is gone.
  std::optional<Result<WorkerDescriptors>> spawn(const std::string& frame);

 private:
  DaemonLink() = default;

  pid_t process_ = -1;
  std::string base_;  // working directories of runs where boxes have no file system of their own
  FileDescriptor workers_;
  std::vector<FileDescriptor> slots_;
  SandboxReport report_;
  std::mutex spawning_;
};

}  // namespace hone::sandboxes
