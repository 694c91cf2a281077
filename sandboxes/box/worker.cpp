#include "sandboxes/box/worker.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandboxes/box/posix.h"
#include "sandboxes/box/watch.h"

namespace hone::box {
namespace {

volatile sig_atomic_t parent_gone = 0;

[[noreturn]] void become(char** words) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGCHLD, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  signal(SIGPIPE, SIG_DFL);
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  syscall(SYS_close_range, 3U, ~0U, 0);
  execvp(words[0], words);
  Text<256> line;
  line.add("cannot run ").add(words[0]).add(": ").add(strerror(errno)).add("\n");
  write_exactly(2, line.c_str(), strlen(line.c_str()));
  _exit(127);
}

bool send_note(int socket, const WorkerNote& note) {
  return send(socket, &note, sizeof note, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof note);
}

}  // namespace

int supervise_worker(int socket, int parent, char** words) {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  sigset_t waited, none;
  sigemptyset(&none);
  sigemptyset(&waited);
  sigaddset(&waited, SIGCHLD);
  sigaddset(&waited, SIGTERM);
  sigprocmask(SIG_BLOCK, &waited, nullptr);
  struct sigaction action = {};
  action.sa_handler = [](int number) { parent_gone = parent_gone || number == SIGTERM; };
  sigaction(SIGCHLD, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
  if (getppid() != parent) return 1;
  const pid_t program = fork();
  if (program == 0) become(words);
  for (int fd = 0; fd < 3; ++fd) close(fd);
  Processes processes(Walls::kNone);
  Watch watch(processes, -1);
  bool told = false;
  while (!parent_gone) {
    pollfd peer{socket, POLLIN, 0};
    const int ready = ppoll(&peer, 1, nullptr, &none);
    int status;
    for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;) {
      if (ended != program) continue;
      processes.end_all();
      told = send_note(socket, {WorkerNote::kEnded, status, 0});
    }
    char word;
    if (ready <= 0) continue;
    if (recv(socket, &word, 1, MSG_DONTWAIT) != 1) break;
    watch.sample(0);
    if (!told) send_note(socket, {WorkerNote::kCpu, 0, watch.cpu_seconds()});
  }
  processes.end_all();
  return 0;
}

}  // namespace hone::box
