#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandboxes/box/posix.h"
#include "sandboxes/box/watch.h"

namespace hone::box {
namespace {

constexpr double kPatience = 5;  // seconds for killed processes to end

// Calls visit(number) for each entry that is a number. No opendir: it allocates.
template <class Visit>
void numbers_in(const char* directory, Visit visit) {
  const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  alignas(dirent64) char buffer[8192];
  for (;;) {
    const long got = syscall(SYS_getdents64, fd, buffer, sizeof buffer);
    if (got <= 0) break;
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      const int number = atoi(entry->d_name);
      if (number > 0) visit(number);
    }
  }
  close(fd);
}

// Appends the children of all threads of `parent`.
int add_children(pid_t parent, pid_t* into, int count) {
  Text<64> tasks;
  tasks.add("/proc/").add(parent).add("/task");
  numbers_in(tasks.c_str(), [&](int thread) {
    Text<96> path;
    path.add(tasks.c_str()).add("/").add(thread).add("/children");
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    char text[8192];
    const ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    if (size <= 0) return;
    text[size] = 0;
    for (char* at = text; count < Processes::kMax;) {
      char* end;
      const long child = strtol(at, &end, 10);
      if (end == at) break;
      into[count++] = static_cast<pid_t>(child);
      at = end;
    }
  });
  return count;
}

}  // namespace

int Processes::list(pid_t* into) { return own_namespace_ ? list_namespace(into) : list_descendants(into); }

int Processes::tasks_of(const char* directory, pid_t* into, int room) {
  int count = 0;
  numbers_in(directory, [&](int id) {
    if (count < room) into[count++] = id;
  });
  return count;
}

int Processes::list_namespace(pid_t* into) {
  int count = 0;
  numbers_in("/proc", [&](int id) {
    if (id > 1 && count < kMax) into[count++] = id;
  });
  return count;
}

int Processes::list_descendants(pid_t* into) {
  int count = add_children(getpid(), into, 0);
  for (int i = 0; i < count; ++i) count = add_children(into[i], into, count);
  return count;
}

void Processes::kill_all() {
  if (own_namespace_) {
    kill(-1, SIGKILL);
    return;
  }
  pid_t ids[kMax];
  const int count = list_descendants(ids);
  for (int i = 0; i < count; ++i) kill(ids[i], SIGSTOP);  // what is stopped starts no others
  for (int i = 0; i < count; ++i) kill(ids[i], SIGKILL);
}

bool Processes::end_all() {
  for (const double start = monotonic_seconds(); monotonic_seconds() - start < kPatience;) {
    kill_all();
    for (;;) {
      const pid_t ended = waitpid(-1, nullptr, own_namespace_ ? 0 : WNOHANG);
      if (ended < 0 && errno == ECHILD) return true;
      if (ended == 0) {
        usleep(200);
        break;
      }
    }
  }
  return false;
}

}  // namespace hone::box
