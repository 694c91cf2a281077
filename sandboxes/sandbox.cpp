#include "sandboxes/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <semaphore>
#include <thread>

#include "base/file.h"

namespace hone::sandboxes {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Pipe {
  FileDescriptor read, write;
  Pipe() {
    int fds[2];
    HONE_CHECK(::pipe2(fds, O_CLOEXEC) == 0);
    read = FileDescriptor(fds[0]);
    write = FileDescriptor(fds[1]);
  }
};

struct Spawned {
  pid_t pid = -1;
  Pipe in, out, err, to, from;
};

Result<void> spawn_process(Spawned& s, const std::vector<std::string>& argv, const std::vector<std::string>& env,
                           const std::string& directory, bool channel) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const int fds[5] = {s.in.read.get(), s.out.write.get(), s.err.write.get(), s.to.read.get(), s.from.write.get()};
  for (int i = 0; i < 5; ++i) posix_spawn_file_actions_adddup2(&actions, fds[i], 200 + i);
  for (int i = 0; i < (channel ? 5 : 3); ++i) posix_spawn_file_actions_adddup2(&actions, 200 + i, i);
  posix_spawn_file_actions_addclosefrom_np(&actions, channel ? 5 : 3);
  if (!directory.empty()) posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  posix_spawnattr_t attr;
  posix_spawnattr_init(&attr);
  posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
  std::vector<char*> args, vars;
  for (const std::string& a : argv) args.push_back(const_cast<char*>(a.c_str()));
  for (const std::string& e : env) vars.push_back(const_cast<char*>(e.c_str()));
  args.push_back(nullptr);
  vars.push_back(nullptr);
  const int error = posix_spawnp(&s.pid, args[0], &actions, &attr, args.data(), vars.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attr);
  if (error) return os_error(error, "run", argv[0]);
  s.in.read.close();
  s.out.write.close();
  s.err.write.close();
  s.to.read.close();
  s.from.write.close();
  return {};
}

class ThinWorker final : public Worker {
 public:
  Spawned s;
  ~ThinWorker() override {
    kill();
    if (status_ < 0) ::waitpid(s.pid, nullptr, 0);
  }
  int in() const override { return s.in.write.get(); }
  int out() const override { return s.out.read.get(); }
  int err() const override { return s.err.read.get(); }
  std::optional<double> cpu_seconds() const override {
    const clockid_t clock = (~static_cast<clockid_t>(s.pid) << 3) | 2;
    timespec t;
    if (::clock_gettime(clock, &t) != 0) return std::nullopt;
    return t.tv_sec + t.tv_nsec * 1e-9;
  }
  std::string ended() const override {
    int status = 0;
    if (status_ < 0 && ::waitpid(s.pid, &status, WNOHANG) == s.pid) status_ = status;
    if (status_ < 0) return "";
    return WIFEXITED(status_) ? str("exited with code ", WEXITSTATUS(status_)) : str("killed by signal ", WTERMSIG(status_));
  }
  void kill() override {
    if (ended().empty()) ::kill(-s.pid, SIGKILL);
  }

 private:
  mutable int status_ = -1;
};

class ThinSandbox final : public Sandbox {
 public:
  explicit ThinSandbox(int slots) : slots_(slots), free_(slots) {}
  Tier tier() const override { return Tier::kUnsafe; }
  int slots() const override { return slots_; }

  Result<RunResult> run(const RunRequest& request) override {
    free_.acquire();
    Result<RunResult> result = run_one(request);
    free_.release();
    return result;
  }

  Result<std::unique_ptr<Worker>> spawn(const WorkerRequest& request) override {
    auto worker = std::make_unique<ThinWorker>();
    std::vector<std::string> env = request.environment;
    for (const char* name : {"PATH", "HOME", "LANG"})
      if (const char* value = getenv(name)) env.push_back(str(name, "=", value));
    HONE_TRY(spawn_process(worker->s, request.argv, env, request.directory, false));
    for (int fd : {worker->in(), worker->out(), worker->err()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    return std::unique_ptr<Worker>(std::move(worker));
  }

 private:
  Result<RunResult> run_one(const RunRequest& request) {
    char name[] = "/tmp/hone-thin-XXXXXX";
    HONE_CHECK(::mkdtemp(name));
    const std::string directory = name;
    for (const BoxFile& file : request.files) {
      HONE_TRY(write_file_atomic(join_path(directory, file.name), *file.bytes));
      if (file.executable) ::chmod(join_path(directory, file.name).c_str(), 0755);
    }
    Spawned s;
    std::vector<std::string> argv = request.argv;
    if (request.runner == Runner::kPython) argv.insert(argv.begin(), {"/usr/bin/python3", "-I", "-S"});
    if (argv[0].starts_with("./")) argv[0] = directory + argv[0].substr(1);
    const double start = now();
    HONE_TRY(spawn_process(s, argv, {"PATH=/usr/bin:/bin", "HOME=" + directory, "LANG=C.UTF-8", "TZ=UTC"}, directory,
                           request.channel != nullptr));
    RunResult result = pump(s, request, start);
    for (const std::string& wanted : request.fetch) {
      Result<std::string> bytes = read_file(join_path(directory, wanted));
      if (bytes) result.fetched.push_back({wanted, std::make_shared<const std::string>(std::move(*bytes)), false});
    }
    HONE_TRY(remove_tree(directory));
    return result;
  }

  static bool drain(int fd, std::string& into, size_t cap) {
    char buffer[65536];
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got > 0 && into.size() < cap) into.append(buffer, std::min<size_t>(got, cap - into.size()));
    return got > 0 || (got < 0 && errno == EAGAIN);
  }

  static RunResult pump(Spawned& s, const RunRequest& request, double start) {
    RunResult result;
    const std::string none;
    const std::string& input = request.input ? *request.input : none;
    const std::string& channel = request.channel ? *request.channel : none;
    size_t fed = 0, told = 0;
    ::signal(SIGPIPE, SIG_IGN);
    FileDescriptor* fds[] = {&s.in.write, &s.out.read, &s.err.read, &s.to.write, &s.from.read};
    for (FileDescriptor* fd : fds) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
    const size_t cap = static_cast<size_t>(request.limits.output_mib) << 20;
    bool over = false, late = false;
    while (s.out.read.get() >= 0 || s.err.read.get() >= 0) {
      if (fed == input.size()) s.in.write.close();
      if (told == channel.size()) s.to.write.close();
      pollfd polls[5];
      for (int i = 0; i < 5; ++i) polls[i] = {fds[i]->get(), static_cast<short>(i == 0 || i == 3 ? POLLOUT : POLLIN), 0};
      ::poll(polls, 5, 50);
      if (polls[0].revents) {
        const ssize_t n = ::write(s.in.write.get(), input.data() + fed, input.size() - fed);
        if (n >= 0) fed += n; else if (errno != EAGAIN) fed = input.size();
      }
      if (polls[3].revents) {
        const ssize_t n = ::write(s.to.write.get(), channel.data() + told, channel.size() - told);
        if (n >= 0) told += n; else if (errno != EAGAIN) told = channel.size();
      }
      if (polls[1].revents && !drain(s.out.read.get(), result.out, cap + 1)) s.out.read.close();
      if (polls[2].revents && !drain(s.err.read.get(), result.err, 65536)) s.err.read.close();
      if (polls[4].revents && !drain(s.from.read.get(), result.channel, 8 << 20)) s.from.read.close();
      over = result.out.size() > cap;
      late = now() - start > request.limits.wall_seconds;
      if (over || late) ::kill(-s.pid, SIGKILL);
    }
    while (s.from.read.get() >= 0 && drain(s.from.read.get(), result.channel, 8 << 20)) {}
    ::kill(-s.pid, SIGKILL);
    int status = 0;
    rusage usage{};
    ::wait4(s.pid, &status, 0, &usage);
    result.cpu_seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
    result.wall_seconds = now() - start;
    result.memory_mib = usage.ru_maxrss / 1024.0;
    result.out.resize(std::min(result.out.size(), cap));
    result.ending = result.cpu_seconds > request.limits.cpu_seconds ? Ending::kCpuLimit
                    : late                                          ? Ending::kWallLimit
                    : over                                          ? Ending::kOutputLimit
                    : WIFEXITED(status)                             ? Ending::kExited
                                                                    : Ending::kSignalled;
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    return result;
  }

  int slots_;
  std::counting_semaphore<> free_;
};

}  // namespace

Result<std::shared_ptr<Sandbox>> Sandbox::start(const SandboxOptions& options) {
  const int slots = options.slots > 0 ? options.slots : static_cast<int>(std::thread::hardware_concurrency());
  return std::shared_ptr<Sandbox>(std::make_shared<ThinSandbox>(slots));
}

SandboxReport Sandbox::probe(const SandboxOptions&) { return {.tier = Tier::kUnsafe, .available = true}; }

}  // namespace hone::sandboxes
