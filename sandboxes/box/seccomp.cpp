// A table of denied system calls as a BPF program. A library would be one more dependency for eighty numbers.
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "sandboxes/box/confine.h"

namespace hone::box {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the system call filter knows x86-64 and AArch64"
#endif

constexpr uint32_t kX32Bit = 0x40000000;
constexpr uint32_t kNewNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                    CLONE_NEWPID | CLONE_NEWNET | 0x80 /* CLONE_NEWTIME */;

// Other processes, kernel interfaces with a history of holes, mounts and namespaces, the machine's state, the network,
// and memory that no limit of ours sees (memfd, System V and POSIX queues).
constexpr int kDenied[] = {
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_quotactl,
    SYS_socket,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    SYS_personality,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_syslog,
    SYS_vhangup,
    SYS_fanotify_init,
    SYS_memfd_create,
    SYS_shmget,
    SYS_msgget,
    SYS_semget,
    SYS_mq_open,
    // Newer than some headers; the numbers are the same on all architectures.
    424 /* pidfd_send_signal */,
    438 /* pidfd_getfd */,
    428 /* open_tree */,
    429 /* move_mount */,
    430 /* fsopen */,
    431 /* fsconfig */,
    432 /* fsmount */,
    433 /* fspick */,
    440 /* process_madvise */,
    442 /* mount_setattr */,
    443 /* quotactl_fd */,
    447 /* memfd_secret */,
    448 /* process_mrelease */,
    457 /* statmount */,
    458 /* listmount */,
#if defined(__x86_64__)
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
    SYS_kexec_file_load,
    SYS_uselib,
    SYS_ustat,
    SYS_sysfs,
    SYS__sysctl,
#endif
};
// ENOSYS makes callers take their older way: clone3 hides its flags behind a pointer.
constexpr int kAbsent[] = {435 /* clone3 */, 425, 426, 427 /* io_uring */};

class Filter {
 public:
  Filter() {
    add(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
    add(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0);
    add(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    add(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
    add(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 0, 1);
    refuse(ENOSYS);
    for (const int call : kAbsent) refuse_call(call, ENOSYS);
    for (const int call : kDenied) refuse_call(call, EPERM);
    // clone(flags): the low half of the first argument.
    add(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
    argument(0);
    add(BPF_JMP | BPF_JSET | BPF_K, kNewNamespaces, 0, 1);
    refuse(EPERM);
    allow();
    // socketpair(domain): local ones only.
    add(BPF_JMP | BPF_JEQ | BPF_K, SYS_socketpair, 0, 4);
    argument(0);
    add(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0);
    refuse(EPERM);
    allow();
    // ioctl(fd, request): no typing into terminals.
    add(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 5);
    argument(1);
    add(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0);
    add(BPF_JMP | BPF_JEQ | BPF_K, 0x541C /* TIOCLINUX */, 0, 1);
    refuse(EPERM);
    allow();
    allow();
  }

  bool install() const {
    const sock_fprog program{count_, const_cast<sock_filter*>(code_)};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
  }

 private:
  void add(int operation, uint32_t value, uint8_t if_true = 0, uint8_t if_false = 0) {
    code_[count_++] = {static_cast<uint16_t>(operation), if_true, if_false, value};
  }
  void refuse(int error) { add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)); }
  void allow() { add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW); }
  void refuse_call(int call, int error) {
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 1);
    refuse(error);
  }
  void argument(int index) {
    add(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offsetof(seccomp_data, args) + 8 * static_cast<size_t>(index)));
  }

  sock_filter code_[256];
  uint16_t count_ = 0;
};

}  // namespace

bool filter_system_calls() { return Filter().install(); }

}  // namespace hone::box
