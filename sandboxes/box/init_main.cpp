// hone-init: the first process of a slot. "serve" answers runs itself; "zygote" becomes a Python interpreter that does.
//   hone-init serve  SOCKET WALLS USER DIRECTORY PYTHON
//   hone-init zygote SOCKET WALLS USER DIRECTORY PYTHON SCRIPT LIBRARY
//   hone-init worker SOCKET PARENT PROGRAM [ARGUMENT...]
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "sandboxes/box/posix.h"
#include "sandboxes/box/server.h"
#include "sandboxes/box/worker.h"

namespace hone::box {
namespace {

// An interpreter that starts on pipes has the streams that its programs will have; nothing is ever read or written.
bool pipes_as_streams() {
  int in[2], out[2], err[2];
  if (pipe(in) != 0 || pipe(out) != 0 || pipe(err) != 0) return false;
  return dup2(in[0], 0) == 0 && dup2(out[1], 1) == 1 && dup2(err[1], 2) == 2;
}

struct Arguments {
  char *socket, *walls, *user, *directory, *python, *script, *library;
};

// What only root can do, then the slot's own user. The zygote's files are opened before: the new user may not reach
// them.
bool change_user(Arguments& given) {
  static Text<32> script, library;
  const auto user = static_cast<uid_t>(strtoul(given.user, nullptr, 10));
  if (mkdir(given.directory, 0700) != 0 && errno != EEXIST) return false;
  if (user == 0) return true;
  if (chown(given.directory, user, user) != 0) return false;
  if (given.library) {
    given.script = const_cast<char*>(script.add("/proc/self/fd/").add(open(given.script, O_RDONLY)).c_str());
    given.library = const_cast<char*>(library.add("/proc/self/fd/").add(open(given.library, O_RDONLY)).c_str());
  }
  return setgroups(0, nullptr) == 0 && setresgid(user, user, user) == 0 && setresuid(user, user, user) == 0;
}

int become_zygote(const Arguments& given, bool own_user) {
  if (!pipes_as_streams()) return 1;
  fcntl(atoi(given.socket), F_SETFD, 0);
  const char* words[] = {given.python,         "-s",         "-S",        given.script,
                         given.library,        given.socket, given.walls, given.directory,
                         own_user ? "1" : "0", nullptr};
  const char* environment[] = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "TZ=UTC", "PYTHONHASHSEED=0", "HOME=/", nullptr};
  execve(given.python, const_cast<char**>(words), const_cast<char**>(environment));
  return 1;
}

int run(int count, char** words) {
  for (int number = 1; number < 32; ++number) signal(number, SIG_DFL);
  if (count >= 5 && strcmp(words[1], "worker") == 0) return supervise_worker(atoi(words[2]), atoi(words[3]), words + 4);
  if (count != 7 && count != 9) return 2;
  Arguments given = {words[2], words[3], words[4], words[5], words[6], nullptr, nullptr};
  if (count == 9) given.script = words[7], given.library = words[8];
  const auto walls = static_cast<Walls>(atoi(given.walls));
  const bool own_user = walls == Walls::kNamespaces || strcmp(given.user, "0") != 0;
  if (walls == Walls::kNamespaces) {
    // Mounts of the host that come later do not come in here, and those of runs do not go out.
    mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  } else if (!change_user(given)) {
    write_exactly(2, "cannot change to the user of the slot\n", 38);
    return 1;
  }
  if (count == 9) return become_zygote(given, own_user);
  serve({walls, given.directory, given.python, false, own_user}, atoi(given.socket));
  return 1;
}

}  // namespace
}  // namespace hone::box

int main(int count, char** words) { return hone::box::run(count, words); }
