#include "sandboxes/box/run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <initializer_list>

#include "sandboxes/box/confine.h"
#include "sandboxes/box/plan_reader.h"
#include "sandboxes/box/posix.h"
#include "sandboxes/box/remove_tree.h"
#include "sandboxes/box/watch.h"

namespace hone::box {
namespace {

constexpr double kWallSlack = 10;               // elapsed time is at most this many times the wall limit
constexpr int kMaxFiles = 16384;                // names in a run's file system: each costs the kernel a kilobyte
constexpr int kEarlyTick = 10, kLateTick = 20;  // milliseconds between samples, in the first second and after

using Line = Text<160>;

class Run {
 public:
  Run(const BoxConfig& config, const RunDescriptors& descriptors, uint64_t serial)
      : config_(config), fds_(descriptors), processes_(config.walls) {
    directory_name_.add(config.directory);
    if (config.walls != Walls::kNamespaces) directory_name_.add("/run").add(static_cast<int64_t>(serial));
  }

  Words go() {
    prepare_signals();
    if (!read_plan_head(fds_.control, read_.plan)) _exit(1);
    if (!make_surroundings()) infra();
    if (!read_plan_rest(fds_.control, read_)) infra("cannot take the run's files");
    main_ = fork();
    if (main_ < 0) infra("fork");
    if (main_ == 0) return become_program();
    for (const int fd : {fds_.in, fds_.out, fds_.err, fds_.to_program, fds_.from_program}) {
      if (fd >= 0) close(fd);
    }
    supervise();
    _exit(0);
  }

 private:
  bool namespaces() const { return config_.walls == Walls::kNamespaces; }

  [[noreturn]] void infra(const char* what) {
    reason_.add(what).add(": ").add(strerror(errno));
    infra();
  }
  [[noreturn]] void infra() {
    report(End::kInfra, 0, nullptr);
    clean();
    _exit(1);
  }

  void prepare_signals() {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before_);
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    sigaction(SIGCHLD, &action, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }

  // ---- the surroundings ----

  bool step(bool done, const char* what) {
    if (!done) reason_.add(what).add(": ").add(strerror(errno));
    return done;
  }

  bool make_surroundings() {
    if (namespaces() ? !mount_all() : !make_directory()) return false;
    read_.directory = open(directory_name_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return step(read_.directory >= 0, "open the working directory");
  }

  // One file system of bounded size for all that the run writes; nothing of it outlives the run.
  bool mount_all() {
    const int64_t bytes = read_.plan.files_bytes + static_cast<int64_t>(read_.plan.given_bytes) + (1 << 20);
    Text<96> options;
    options.add("mode=755,size=").add(bytes).add(",nr_inodes=").add(kMaxFiles + read_.plan.files);
    const char* base = config_.directory;
    return step(mount("tmpfs", base, "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) == 0, "mount tmpfs") &&
           place("tmp", "/tmp", 01777) && place("shm", "/dev/shm", 01777) && place("own", base, 0755) &&
           step(mount_proc(), "mount proc");
  }

  // A directory of the file system, bound where programs expect it; the working directory, last, hides the others.
  bool place(const char* name, const char* at, mode_t mode) {
    Text<96> path;
    path.add(config_.directory).add("/").add(name);
    return step(mkdir(path.c_str(), 0700) == 0 && chmod(path.c_str(), mode) == 0, "mkdir") &&
           step(mount(path.c_str(), at, nullptr, MS_BIND, nullptr) == 0, "bind");
  }

  // The kernel's facts about the machine are left out where it can (Linux 5.8).
  static bool mount_proc() {
    constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    return mount("proc", "/proc", "proc", kFlags, "subset=pid") == 0 ||
           mount("proc", "/proc", "proc", kFlags, nullptr) == 0;
  }

  bool make_directory() {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    return step(mkdir(directory_name_.c_str(), 0700) == 0, "make the working directory");
  }

  void clean() {
    if (!namespaces()) remove_tree(directory_name_.c_str());
  }

  // ---- the program ----

  [[noreturn]] static void fail_to_start(const char* what, const char* name) {
    Line line;
    line.add("hone: ").add(what).add(" ").add(name).add(": ").add(strerror(errno)).add("\n");
    write_exactly(2, line.c_str(), strlen(line.c_str()));
    _exit(127);
  }

  void take_descriptors() {
    const int given[] = {fds_.in, fds_.out, fds_.err, fds_.to_program, fds_.from_program};
    int moved[5];
    const int count = fds_.to_program >= 0 ? 5 : 3;
    for (int i = 0; i < count; ++i) moved[i] = fcntl(given[i], F_DUPFD, 32);
    for (int i = 0; i < count; ++i) dup2(moved[i], i);
    syscall(SYS_close_range, static_cast<unsigned>(count), ~0U, 0);
  }

  void confine() {
    const char* name = read_.words[0];
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    // The limit counts all processes of the user: the server and the init of the run too.
    const int64_t tasks = config_.own_user ? read_.plan.processes + 2 : 0;
    if (!limit_resources(read_.plan, tasks)) fail_to_start("cannot limit", name);
    raise_own_badness();
    if (config_.walls == Walls::kNone) return;
    if (!drop_privileges()) fail_to_start("cannot drop the privileges of", name);
    if (config_.walls == Walls::kLandlock && !landlock_to(directory_name_.c_str()))
      fail_to_start("cannot confine", name);
    if (!filter_system_calls()) fail_to_start("cannot filter the system calls of", name);
  }

  // Should the machine run out of memory, the kernel takes the program and not the sandbox.
  static void raise_own_badness() {
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    write_exactly(fd, "1000", 4);
    close(fd);
  }

  Words become_program() {
    setsid();
    take_descriptors();
    umask(022);
    if (chdir(directory_name_.c_str()) != 0) fail_to_start("cannot enter the directory of", read_.words[0]);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    confine();
    signal(SIGCHLD, SIG_DFL);
    if (read_.plan.python && config_.warm) {
      sigprocmask(SIG_SETMASK, &before_, nullptr);
      return read_.words;
    }
    for (int number = 1; number < 32; ++number) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execute(read_.words);
  }

  [[noreturn]] void execute(Words words) {
    Text<64> home;
    home.add("HOME=").add(directory_name_.c_str());
    const char* environment[] = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "TZ=UTC",
                                 "PYTHONHASHSEED=0",   home.c_str(),   nullptr};
    auto* variables = const_cast<char**>(environment);
    if (read_.plan.python) {
      auto** all = static_cast<char**>(calloc(read_.plan.words + 4, sizeof(char*)));
      all[0] = const_cast<char*>(config_.python);
      all[1] = const_cast<char*>("-s");
      all[2] = const_cast<char*>("-S");
      memcpy(all + 3, words, read_.plan.words * sizeof(char*));
      execve(config_.python, all, variables);
    } else if (strchr(words[0], '/')) {
      execve(words[0], words, variables);
    } else {
      execve(Text<4096>().add("/usr/bin/").add(words[0]).c_str(), words, variables);
      if (errno == ENOENT) execve(Text<4096>().add("/bin/").add(words[0]).c_str(), words, variables);
    }
    fail_to_start("cannot run", words[0]);
  }

  // ---- watching it ----

  // The first limit that is passed, in the order of sandboxes::Ending; kExited: none.
  End passed_limit(const Watch& watch) const {
    if (watch.cpu_seconds() > read_.plan.cpu_seconds) return End::kCpuLimit;
    if (watch.wall_seconds() > read_.plan.wall_seconds) return End::kWallLimit;
    if (watch.memory_bytes() > read_.plan.memory_bytes) return End::kMemoryLimit;
    return End::kExited;
  }

  // Waits for a child's end, a word from hone-sandboxd, or the next sample.
  void wait_for_events(double elapsed) {
    const int tick = elapsed < 1 ? kEarlyTick : kLateTick;
    const timespec timeout{0, tick * 1000000L};
    pollfd control{fds_.control, POLLIN | POLLRDHUP, 0};
    sigset_t none;
    sigemptyset(&none);
    if (ppoll(&control, 1, &timeout, &none) > 0) killed_ = true;
  }

  // Waits for what ended; true when the program itself did.
  bool reap() {
    for (;;) {
      int status;
      const pid_t ended = waitpid(-1, &status, WNOHANG);
      if (ended <= 0) return false;
      if (ended != main_) continue;
      status_ = status;
      return true;
    }
  }

  void supervise() {
    Watch watch(processes_, read_.directory);
    const double start = monotonic_seconds();
    bool over = false;
    for (bool ended = false; !ended && !killed_ && !over;) {
      const double elapsed = monotonic_seconds() - start;
      wait_for_events(elapsed);
      const double now = monotonic_seconds() - start;
      watch.sample(now);
      late_ = now > kWallSlack * read_.plan.wall_seconds;
      over = late_ || passed_limit(watch) != End::kExited || watch.processes() > read_.plan.processes;
      ended = reap();
    }
    const double elapsed = monotonic_seconds() - start;
    const bool clean_end = processes_.end_all();
    watch.finish(elapsed);
    conclude(watch, clean_end);
  }

  void conclude(const Watch& watch, bool clean_end) {
    End end = passed_limit(watch);
    int code = 0;
    if (!clean_end) {
      reason_.add("processes that do not end");
      end = End::kInfra;
    } else if (late_ && end == End::kExited) {
      reason_.add("no processor: ten times the wall limit passed");
      end = End::kInfra;
    } else if (end == End::kExited && status_ >= 0) {
      end = WIFSIGNALED(status_) ? End::kSignalled : End::kExited;
      code = WIFSIGNALED(status_) ? WTERMSIG(status_) : WEXITSTATUS(status_);
    } else if (end == End::kExited) {
      end = End::kSignalled;
      code = SIGKILL;
    }
    report(end, code, &watch);
    clean();
  }

  void report(End end, int code, const Watch* watch) {
    Report report = {};
    report.end = end;
    report.code = code;
    if (watch) {
      report.cpu_seconds = watch->cpu_seconds();
      report.wall_seconds = watch->wall_seconds();
      report.memory_bytes = watch->memory_bytes();
    }
    memcpy(report.reason, reason_.c_str(), strlen(reason_.c_str()));
    send_report(fds_.control, report, watch ? &read_ : nullptr);
    close(fds_.control);
  }

  const BoxConfig& config_;
  const RunDescriptors fds_;
  Processes processes_;
  Text<128> directory_name_;
  ReadPlan read_ = {};
  Line reason_;
  sigset_t before_ = {};
  pid_t main_ = -1;
  int status_ = -1;
  bool killed_ = false, late_ = false;
};

}  // namespace

Words run_as_init(const BoxConfig& config, const RunDescriptors& descriptors, uint64_t serial) {
  return Run(config, descriptors, serial).go();
}

}  // namespace hone::box
