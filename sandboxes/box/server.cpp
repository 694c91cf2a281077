#include "sandboxes/box/server.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <initializer_list>

#include "sandboxes/box/posix.h"

namespace hone::box {
namespace {

// False at the end of the stream.
bool receive_run(int socket, RunDescriptors& into) {
  char word = 0;
  iovec data{&word, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(RunDescriptors))];
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  ssize_t got;
  do {
    got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  const cmsghdr* header = got == 1 && word == kGo ? CMSG_FIRSTHDR(&message) : nullptr;
  if (!header || header->cmsg_type != SCM_RIGHTS) return false;
  into = {-1, -1, -1, -1, -1, -1};
  memcpy(&into, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
  return into.err >= 0;
}

void close_all(const RunDescriptors& run) {
  for (const int fd : {run.control, run.in, run.out, run.err, run.to_program, run.from_program}) {
    if (fd >= 0) close(fd);
  }
}

// Plain clone: the child is process 1 of a new namespace, with a copy of the mounts.
pid_t start_init(Walls walls) {
  const unsigned long flags = walls == Walls::kNamespaces ? CLONE_NEWPID | CLONE_NEWNS : 0;
#if defined(__x86_64__)
  return static_cast<pid_t>(syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
#else
  return static_cast<pid_t>(syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, 0));
#endif
}

}  // namespace

Words serve(const BoxConfig& config, int socket) {
  // Nobody of the same user may look into this process or take its descriptors.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (write(socket, &kReady, 1) != 1) _exit(1);
  RunDescriptors run;
  for (uint64_t serial = 0; receive_run(socket, run); ++serial) {
    const pid_t init = start_init(config.walls);
    if (init == 0) {
      close(socket);
      return run_as_init(config, run, serial);
    }
    close_all(run);
    // One run at a time: the limit of processes counts what is left of the one before. A failed clone shows as a run
    // without a report.
    while (init > 0 && waitpid(init, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  _exit(0);
}

}  // namespace hone::box
