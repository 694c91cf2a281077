#include "sandboxes/box/confine.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hone::box {
namespace {

constexpr rlim_t kOpenFiles = 64;
constexpr rlim_t kStackBytes = 64 << 20;

bool limit(int what, rlim_t value) {
  const rlimit both{value, value};
  return setrlimit(static_cast<__rlimit_resource>(what), &both) == 0;
}

}  // namespace

// No RLIMIT_AS: reserved address space costs nothing, and what is touched is measured from outside.
bool limit_resources(const Plan& plan, int64_t tasks) {
  return limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, kOpenFiles) &&
         limit(RLIMIT_FSIZE, static_cast<rlim_t>(plan.files_bytes)) && limit(RLIMIT_STACK, kStackBytes) &&
         (tasks <= 0 || limit(RLIMIT_NPROC, static_cast<rlim_t>(tasks)));
}

bool drop_privileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  return syscall(SYS_capset, &header, none) == 0;
}

}  // namespace hone::box
