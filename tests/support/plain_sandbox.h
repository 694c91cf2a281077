// Spawns workers as plain child processes: for tests of what speaks with workers, which need no isolation.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "sandboxes/sandbox.h"

namespace hone::testing {

struct Pipe {
  FileDescriptor read, write;
  Pipe() {
    int ends[2];
    HONE_CHECK_EQ(::pipe2(ends, O_CLOEXEC), 0);
    read = FileDescriptor(ends[0]);
    write = FileDescriptor(ends[1]);
  }
};

class PlainWorker : public sandboxes::Worker {
 public:
  explicit PlainWorker(const sandboxes::WorkerRequest& request) {
    Pipe in, out, err;
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in.read.get(), 0);
    ::posix_spawn_file_actions_adddup2(&actions, out.write.get(), 1);
    ::posix_spawn_file_actions_adddup2(&actions, err.write.get(), 2);
    if (!request.directory.empty()) ::posix_spawn_file_actions_addchdir_np(&actions, request.directory.c_str());
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    std::vector<char*> argv, environment;
    for (const std::string& word : request.argv) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const std::string path = std::string("PATH=") + ::getenv("PATH");
    environment.push_back(const_cast<char*>(path.c_str()));
    for (const std::string& entry : request.environment) environment.push_back(const_cast<char*>(entry.c_str()));
    environment.push_back(nullptr);
    error_ = ::posix_spawnp(&pid_, argv[0], &actions, &attributes, argv.data(), environment.data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    in_ = std::move(in.write);
    out_ = std::move(out.read);
    err_ = std::move(err.read);
    for (int fd : {in_.get(), out_.get(), err_.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  }
  ~PlainWorker() override {
    if (error_ != 0) return;
    kill();
    ::waitpid(pid_, nullptr, 0);
  }
  int error() const { return error_; }
  int in() const override { return in_.get(); }
  int out() const override { return out_.get(); }
  int err() const override { return err_.get(); }
  std::optional<double> cpu_seconds() const override {
    std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
    std::string word;
    double ticks = 0;
    for (int i = 1; i <= 15 && stat >> word; ++i)
      if (i >= 14) ticks += std::stod(word);
    return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  // Leaves the dead one to the destructor: until then nobody else can have its number, so kill() meets no stranger.
  std::string ended() const override {
    siginfo_t info = {};
    const int found = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    if (found != 0 || info.si_pid == 0) return "";
    return str(info.si_code == CLD_EXITED ? "exited with code " : "killed by signal ", info.si_status);
  }
  void kill() override { ::kill(-pid_, SIGKILL); }

 private:
  pid_t pid_ = -1;
  int error_ = 0;
  FileDescriptor in_, out_, err_;
};

class PlainSandbox final : public sandboxes::Sandbox {
 public:
  sandboxes::Tier tier() const override { return sandboxes::Tier::kUnsafe; }
  int slots() const override { return 1; }
  Result<sandboxes::RunResult> run(const sandboxes::RunRequest&) override { return Error{.message = "not here"}; }
  Result<std::unique_ptr<sandboxes::Worker>> spawn(const sandboxes::WorkerRequest& request) override {
    auto worker = std::make_unique<PlainWorker>(request);
    if (worker->error() != 0) return os_error(worker->error(), "start", request.argv[0]);
    return std::unique_ptr<sandboxes::Worker>(std::move(worker));
  }
};

}  // namespace hone::testing
