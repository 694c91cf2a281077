// Programs that try to leave a sandbox, by name. Each prints "blocked", or "ESCAPED" and how. Built on its own, without
// libraries: it runs inside.
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <mqueue.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>

namespace {

bool escaped = false;

// A call that must fail.
void must_fail(const char* what, long result) {
  if (result >= 0) {
    printf("ESCAPED %s\n", what);
    escaped = true;
  }
}

int told() {
  if (!escaped) printf("blocked\n");
  fflush(stdout);
  return 0;
}

volatile char sink;
volatile bool for_ever = true;
int recurse(int depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  sink = frame[0];
  return (for_ever ? recurse(depth + 1) : 0) + frame[0];
}

int fork_chain() {
  for (;;) {
    if (fork() > 0) _exit(0);
  }
}

void* sleep_for_ever(void*) {
  for (;;) pause();
}
int threads() {
  int made = 0;
  pthread_t thread;
  while (made < 5000 && pthread_create(&thread, nullptr, sleep_for_ever, nullptr) == 0) ++made;
  printf("%s\n", made < 1000 ? "blocked" : "ESCAPED threads");
  fflush(stdout);
  _exit(0);
}

// Every process uses little; SIGCHLD ignored, so that no parent counts it.
int many_small() {
  signal(SIGCHLD, SIG_IGN);
  for (;;) {
    if (fork() == 0) {
      for (int i = 0; i < 30000000; ++i) sink = static_cast<char>(i);
      _exit(0);
    }
    usleep(2000);
  }
}

int fork_with_memory() {
  const size_t size = 80 << 20;
  char* own = static_cast<char*>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  memset(own, 1, size);
  for (int i = 0; i < 50; ++i) {
    if (fork() == 0) {
      memset(own, 2, size);
      pause();
    }
  }
  pause();
  return 0;
}

int reserve() {
  void* huge =
      mmap(nullptr, size_t{1} << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  printf(huge == MAP_FAILED ? "refused\n" : "reserved\n");
  return 0;
}

int stderr_flood() {
  static char line[1 << 16];
  memset(line, 'e', sizeof line);
  printf("right\n");
  fflush(stdout);
  for (int i = 0; i < 3000; ++i) {
    if (write(2, line, sizeof line) < 0) return 1;
  }
  return 0;
}

int sparse_file() {
  signal(SIGXFSZ, SIG_IGN);
  const int file = open("big", O_RDWR | O_CREAT, 0600);
  must_fail("1 TB sparse", ftruncate(file, off_t{1} << 40));
  must_fail("fallocate", fallocate(file, 0, 0, off_t{1} << 40));
  return told();
}

int sockets() {
  for (const int domain : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, 40 /* AF_VSOCK */, 38 /* AF_ALG */}) {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET})
      must_fail("socket", socket(domain, type, 0));
  }
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return told();
  sockaddr_un name = {AF_UNIX, "\0hone-test"};
  must_fail("bind", bind(pair[0], reinterpret_cast<sockaddr*>(&name), sizeof name));
  must_fail("listen", listen(pair[0], 1));
  return told();
}

int steal_descriptors() {
  for (const pid_t victim : {1, getppid()}) {
    const long handle = syscall(SYS_pidfd_open, victim, 0);
    for (int fd = 0; fd < 64 && handle >= 0; ++fd) {
      const long stolen = syscall(438 /* pidfd_getfd */, handle, fd, 0);
      must_fail("pidfd_getfd", stolen);
      const uint64_t one = 1;
      if (stolen >= 0) must_fail("write to it", write(static_cast<int>(stolen), &one, sizeof one));
    }
  }
  told();
  return 7;
}

int init_streams() {
  for (const char* who : {"/proc/1/fd", "/proc/1/task/1/fd"}) {
    for (int fd = 0; fd < 64; ++fd) {
      char path[64];
      snprintf(path, sizeof path, "%s/%d", who, fd);
      must_fail(path, open(path, O_WRONLY));
      must_fail(path, open(path, O_RDONLY));
    }
  }
  for (const char* path : {"/proc/1/mem", "/proc/1/environ", "/proc/1/maps", "/proc/1/root", "/proc/1/cwd/x"}) {
    must_fail(path, open(path, O_RDONLY));
  }
  return told();
}

int trace() {
  const pid_t parent = getppid();
  must_fail("attach", ptrace(PTRACE_ATTACH, parent, nullptr, nullptr));
  must_fail("seize", ptrace(PTRACE_SEIZE, parent, nullptr, nullptr));
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  must_fail("attach child", ptrace(PTRACE_ATTACH, child, nullptr, nullptr));
  char byte;
  iovec here{&byte, 1}, there{reinterpret_cast<void*>(0x400000), 1};
  must_fail("process_vm_readv", process_vm_readv(parent, &here, 1, &there, 1, 0));
  must_fail("process_vm_writev", process_vm_writev(parent, &here, 1, &there, 1, 0));
  return told();
}

int kill_all() {
  kill(-1, SIGKILL);
  kill(1, SIGKILL);
  kill(getppid(), SIGSTOP);
  kill(1, SIGSTOP);
  printf("alive\n");
  return 0;
}

int stop_parent() {
  kill(getppid(), SIGSTOP);
  kill(getppid(), SIGTERM);
  kill(1, SIGSEGV);
  printf("alive\n");
  return 5;
}

int namespaces() {
  const int flags[] = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
                       CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};
  for (const int flag : flags) {
    must_fail("unshare", unshare(flag));
    const long child = syscall(SYS_clone, flag | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (child == 0) _exit(0);
    must_fail("clone", child);
  }
  uint64_t arguments[11] = {CLONE_NEWUSER};
  const long child = syscall(SYS_clone3, arguments, sizeof arguments);
  if (child == 0) _exit(0);
  must_fail("clone3", child);
  for (const char* path : {"/proc/1/ns/mnt", "/proc/1/ns/user", "/proc/self/ns/pid"}) {
    const int fd = open(path, O_RDONLY);
    if (fd >= 0) must_fail("setns", setns(fd, 0));
  }
  return told();
}

int mounts() {
  must_fail("tmpfs", mount("x", "/tmp", "tmpfs", 0, nullptr));
  must_fail("remount", mount(nullptr, "/usr", nullptr, MS_REMOUNT | MS_BIND, nullptr));
  must_fail("bind", mount("/usr", "/tmp", nullptr, MS_BIND, nullptr));
  must_fail("umount", umount2("/proc", MNT_DETACH));
  must_fail("umount box", umount2("/box", MNT_DETACH));
  must_fail("pivot_root", syscall(SYS_pivot_root, ".", "."));
  must_fail("fsopen", syscall(430, "tmpfs", 0));
  must_fail("open_tree", syscall(428, AT_FDCWD, "/usr", 1));
  const int root = open("/", O_RDONLY);
  mkdir("jail", 0700);
  const bool in_jail = chroot("jail") == 0;
  must_fail("chroot", in_jail ? 0 : -1);
  if (in_jail && fchdir(root) == 0) must_fail("chroot escape", chdir("../../../../.."));
  return told();
}

int kernel_interfaces() {
  char parameters[128] = {};
  must_fail("io_uring_setup", syscall(425, 8, parameters));
  bpf_attr attributes = {};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = attributes.value_size = 4;
  attributes.max_entries = 1;
  must_fail("bpf", syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
  perf_event_attr event = {};
  event.size = sizeof event;
  event.type = PERF_TYPE_SOFTWARE;
  event.config = PERF_COUNT_SW_CPU_CLOCK;
  must_fail("perf_event_open", syscall(SYS_perf_event_open, &event, 0, -1, -1, 0));
  must_fail("userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK));
  must_fail("userfaultfd of user mode", syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | 1));
  must_fail("add_key", syscall(SYS_add_key, "user", "hone", "secret", 6, -3));
  must_fail("keyctl", syscall(SYS_keyctl, 0, -3, 1));
  must_fail("memfd_create", syscall(SYS_memfd_create, "x", 0));
  must_fail("init_module", syscall(SYS_init_module, "", 0, ""));
  must_fail("syslog", syscall(SYS_syslog, 3, parameters, sizeof parameters));
  must_fail("personality", syscall(SYS_personality, 0x0040000));
  must_fail("open_by_handle_at", syscall(SYS_open_by_handle_at, AT_FDCWD, parameters, 0));
  return told();
}

int clocks_and_priorities() {
  const timeval time{1000000000, 0};
  must_fail("settimeofday", settimeofday(&time, nullptr));
  const timespec when{1000000000, 0};
  must_fail("clock_settime", clock_settime(CLOCK_REALTIME, &when));
  must_fail("nice -20", setpriority(PRIO_PROCESS, 0, -20));
  const sched_param real_time{1};
  must_fail("real time", sched_setscheduler(0, SCHED_FIFO, &real_time));
  const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
  must_fail("more processes", setrlimit(RLIMIT_NPROC, &more));
  must_fail("larger files", setrlimit(RLIMIT_FSIZE, &more));
  must_fail("root", setuid(0));
  must_fail("sethostname", sethostname("x", 1));
  return told();
}

int shared_memory() {
  must_fail("shmget", shmget(1234, 4096, IPC_CREAT | 0600));
  must_fail("mq_open", mq_open("/hone", O_CREAT | O_RDWR, 0600, nullptr));
  must_fail("semget", syscall(SYS_semget, 1234, 1, IPC_CREAT | 0600));
  must_fail("msgget", syscall(SYS_msgget, 1234, IPC_CREAT | 0600));
  return told();
}

int terminal() {
  char letter = 'x';
  must_fail("TIOCSTI", ioctl(0, 0x5412, &letter));
  must_fail("/dev/tty", open("/dev/tty", O_RDWR));
  must_fail("/dev/console", open("/dev/console", O_RDWR));
  return told();
}

// The 32-bit and x32 doors to the same calls.
int other_architecture() {
#if defined(__x86_64__)
  must_fail("x32", syscall(0x40000000 | SYS_socket, AF_INET, SOCK_STREAM, 0));
  told();
  long result;
  asm volatile("int $0x80" : "=a"(result) : "a"(359L), "b"(AF_INET), "c"(SOCK_STREAM), "d"(0L) : "memory");
  must_fail("int 0x80", result);
#endif
  return told();
}

struct Forker {
  Forker() {
    if (getenv("HONE_AGAIN") == nullptr && fork() == 0) {
      setsid();
      pause();
    }
  }
};

const struct {
  const char* name;
  int (*run)();
} kAttacks[] = {
    {"fork_chain", fork_chain},
    {"threads", threads},
    {"many_small", many_small},
    {"busy",
     [] {
       for (char i = 0;; ++i) sink = i;
       return 0;
     }},
    {"stop", [] { return raise(SIGSTOP); }},
    {"read_for_ever",
     [] {
       char c;
       while (read(0, &c, 1) >= 0) {
       }
       return 0;
     }},
    {"fork_with_memory", fork_with_memory},
    {"reserve", reserve},
    {"recurse", [] { return recurse(0); }},
    {"stderr_flood", stderr_flood},
    {"sparse_file", sparse_file},
    {"sockets", sockets},
    {"steal_descriptors", steal_descriptors},
    {"init_streams", init_streams},
    {"trace", trace},
    {"kill_all", kill_all},
    {"stop_parent", stop_parent},
    {"namespaces", namespaces},
    {"mounts", mounts},
    {"kernel_interfaces", kernel_interfaces},
    {"clocks_and_priorities", clocks_and_priorities},
    {"shared_memory", shared_memory},
    {"terminal", terminal},
    {"other_architecture", other_architecture},
    {"early_fork",
     [] {
       static Forker forker;
       printf("right\n");
       fflush(stdout);
       return 0;
     }},
};

}  // namespace

int main(int count, char** words) {
  for (const auto& attack : kAttacks) {
    if (count == 2 && strcmp(words[1], attack.name) == 0) return attack.run();
  }
  fprintf(stderr, "no such attack\n");
  return 99;
}
