#include "sandboxes/worker.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "sandboxes/box/protocol.h"

namespace hone::sandboxes {
namespace {

constexpr int kAnswerMs = 2000;

class SupervisedWorker final : public Worker {
 public:
  explicit SupervisedWorker(DaemonLink::WorkerDescriptors descriptors)
      : supervisor_(std::move(descriptors[0])),
        in_(std::move(descriptors[1])),
        out_(std::move(descriptors[2])),
        err_(std::move(descriptors[3])) {
    for (const int fd : {in(), out(), err()}) ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }

  ~SupervisedWorker() override { kill(); }

  int in() const override { return in_.get(); }
  int out() const override { return out_.get(); }
  int err() const override { return err_.get(); }

  std::optional<double> cpu_seconds() const override {
    const std::lock_guard lock(mutex_);
    const char ask = 'c';
    if (!ended_.empty() || ::send(supervisor_.get(), &ask, 1, MSG_NOSIGNAL) != 1) return std::nullopt;
    box::WorkerNote note = {};
    if (!read_note(kAnswerMs, note) || note.kind != box::WorkerNote::kCpu) return std::nullopt;
    return note.cpu_seconds;
  }

  std::string ended() const override {
    const std::lock_guard lock(mutex_);
    box::WorkerNote note = {};
    while (ended_.empty() && read_note(0, note)) {
    }
    return ended_;
  }

  // Its supervisor kills all when our side is shut, then closes its own.
  void kill() override {
    const std::lock_guard lock(mutex_);
    ::shutdown(supervisor_.get(), SHUT_WR);
    box::WorkerNote note = {};
    while (read_note(kAnswerMs, note)) {
    }
  }

 private:
  // False when none comes in time, or no more will.
  bool read_note(int milliseconds, box::WorkerNote& note) const {
    pollfd ready{supervisor_.get(), POLLIN, 0};
    if (::poll(&ready, 1, milliseconds) != 1) return false;
    if (::recv(supervisor_.get(), &note, sizeof note, MSG_WAITALL) != static_cast<ssize_t>(sizeof note)) {
      if (ended_.empty()) ended_ = "killed by signal 9";
      return false;
    }
    if (note.kind == box::WorkerNote::kEnded) {
      ended_ = WIFSIGNALED(note.status) ? str("killed by signal ", WTERMSIG(note.status))
                                        : str("exited with code ", WEXITSTATUS(note.status));
    }
    return true;
  }

  FileDescriptor supervisor_, in_, out_, err_;
  mutable std::mutex mutex_;
  mutable std::string ended_;
};

}  // namespace

std::unique_ptr<Worker> make_worker(DaemonLink::WorkerDescriptors descriptors) {
  return std::make_unique<SupervisedWorker>(std::move(descriptors));
}

}  // namespace hone::sandboxes
