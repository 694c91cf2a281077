// Landlock by its system calls: distributions ship headers older than their kernels.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <initializer_list>

#include "sandboxes/box/confine.h"

namespace hone::box {
namespace {

constexpr long kCreateRuleset = 444, kAddRule = 445, kRestrictSelf = 446;
constexpr int kPathBeneath = 1;

// Rights, by the version that brought them (Linux, include/uapi/linux/landlock.h).
constexpr uint64_t kExecute = 1, kWriteFile = 2, kReadFile = 4, kReadDir = 8;
constexpr uint64_t kAllFileRights[] = {0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff};  // versions 1 to 5
constexpr uint64_t kTcp = 3;                                                     // version 4: bind, connect
constexpr uint64_t kSignalsAndAbstractSockets = 3;                               // version 6

struct Ruleset {
  uint64_t files, network, scopes;
};
struct [[gnu::packed]] PathRule {
  uint64_t rights;
  int32_t directory;
};

bool allow(int ruleset, const char* path, uint64_t rights) {
  const int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) return true;  // what does not exist needs no rule
  const PathRule rule{rights, fd};
  const bool done = syscall(kAddRule, ruleset, kPathBeneath, &rule, 0) == 0;
  close(fd);
  return done;
}

}  // namespace

int landlock_version() {
  const long version = syscall(kCreateRuleset, nullptr, 0, 1);
  return version < 0 ? 0 : static_cast<int>(version);
}

bool landlock_to(const char* directory) {
  const int version = landlock_version();
  if (version == 0) return false;
  const uint64_t all = kAllFileRights[(version < 5 ? version : 5) - 1];
  const Ruleset rules{all, version >= 4 ? kTcp : 0, version >= 6 ? kSignalsAndAbstractSockets : 0};
  const size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  const int ruleset = static_cast<int>(syscall(kCreateRuleset, &rules, size, 0));
  if (ruleset < 0) return false;
  bool done = allow(ruleset, directory, all);
  for (const char* path : {"/usr", "/bin", "/lib", "/lib64", "/lib32", "/sbin", "/etc/alternatives"}) {
    done = done && allow(ruleset, path, kExecute | kReadFile | kReadDir);
  }
  done = done && allow(ruleset, "/etc/ld.so.cache", kReadFile);
  for (const char* path : {"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/full"}) {
    done = done && allow(ruleset, path, kReadFile | kWriteFile);
  }
  done = done && syscall(kRestrictSelf, ruleset, 0) == 0;
  close(ruleset);
  return done;
}

}  // namespace hone::box
