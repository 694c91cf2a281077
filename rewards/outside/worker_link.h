// The pipes of one worker process. Nothing here waits: what a worker does not read stays in memory, what it writes is
// bounded by the longest line. Owned by one thread.
#pragma once

#include <poll.h>

#include <memory>
#include <string>
#include <vector>

#include "rewards/outside/protocol.h"
#include "sandboxes/sandbox.h"

namespace hone::rewards {

class WorkerLink {
 public:
  explicit WorkerLink(std::unique_ptr<sandboxes::Worker> worker) : worker_(std::move(worker)) {}

  void send(std::string_view line) { unwritten_.append(line); }

  // What came and what went since the last call.
  struct Traffic {
    std::vector<std::string> lines;
    std::string problem;  // why the worker is of no use any more; lines came before that
  };
  Traffic exchange();

  // Appends what to wait for before the next exchange.
  void add_polls(std::vector<pollfd>& polls) const;
  const sandboxes::Worker& worker() const { return *worker_; }
  // "; it said: ..." with the last line of its stderr, or empty.
  std::string last_words() const;

 private:
  std::string write();
  std::string read(std::vector<std::string>& lines);
  void read_stderr();

  std::unique_ptr<sandboxes::Worker> worker_;
  std::string unwritten_;
  size_t written_ = 0;  // of unwritten_
  LineReader reader_{kMaxLineBytes};
  std::string stderr_tail_;
  bool stderr_open_ = true;
};

}  // namespace hone::rewards
