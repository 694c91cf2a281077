// Programs that attack the judge or the machine. Numbers are those of the list they follow; a letter tells variants
// apart. Unless a row says otherwise the input is "20 22\n" and the expected output "42\n". A program that looks for a
// way out prints 42 when there was none, so "accepted" means blocked.
#pragma once

namespace hone::sandboxes {

struct Attack {
  const char* id;
  const char* language;
  const char* source;
  const char* verdicts;  // those that are allowed
};

// Put before every C++ program.
inline constexpr const char* kCppPrelude = R"(
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static bool escaped = false;
static void blocked(long result) { if (result >= 0) escaped = true; }
static int done() { puts(escaped ? "ESCAPED" : "42"); fflush(stdout); return 0; }
)";

inline constexpr const char* kEnds = "runtime_error wrong_answer cpu_limit wall_limit memory_limit output_limit";

inline constexpr Attack kResourceAttacks[] = {
    {"1", "bash", ":(){ :|:& };:; wait", kEnds},
    {"2", "python", "import os\nwhile True: os.fork()", kEnds},
    {"3", "cpp", "int main() { for (;;) if (fork() > 0) _exit(0); }", kEnds},
    {"4", "cpp",
     "void* rest(void*) { for (;;) pause(); }\n"
     "int main() { pthread_t t; while (pthread_create(&t, 0, rest, 0) == 0) {} sleep(1000); }",
     "wall_limit memory_limit"},
    {"5", "python",
     "import os, time\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0: time.sleep(1000)\n  "
     "os._exit(0)\nprint(42)",
     "accepted"},
    {"6", "bash", "nohup sleep 300 & echo 42", "accepted"},
    {"7", "python",
     "import signal\nfor s in range(1, 65):\n  try: signal.signal(s, signal.SIG_IGN)\n  except (OSError, ValueError): "
     "pass\n"
     "while True: pass",
     "cpu_limit"},
    {"8", "cpp", "int main() { for (volatile int i = 0;; ++i) {} }", "cpu_limit"},
    {"9", "python", "import time\ntime.sleep(1000)", "wall_limit"},
    {"10", "cpp",
     "int main() { for (;;) { if (fork() == 0) { for (volatile int i = 0; i < 20000000; ++i) {} _exit(0); } wait(0); } "
     "}",
     "cpu_limit"},
    {"11", "cpp", "int main() { raise(SIGSTOP); }", "wall_limit"},
    {"12", "cpp", "int main() { char c; while (read(0, &c, 1) == 1) {} return done(); }", "accepted"},
    {"13", "python", "x = 'a' * (8 << 30)", "memory_limit runtime_error"},
    {"14", "cpp",
     "int main() { const size_t n = 100 << 20; char* p = (char*)malloc(n); memset(p, 1, n);\n"
     "for (int i = 0; i < 50; ++i) if (fork() == 0) { memset(p, i, n); pause(); } sleep(1000); }",
     "memory_limit"},
    {"15", "cpp",
     "int main() { mmap(0, 1ul << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);\n"
     "return done(); }",
     "accepted"},
    {"16", "cpp",
     "volatile int zero; int f(int n) { volatile char a[9999]; a[zero] = n; return f(n + 1) + a[zero]; }\n"
     "int main() { return f(0); }",
     "runtime_error"},
    {"17", "python", "import sys\nsys.setrecursionlimit(10**9)\nf = lambda n: f(n + 1) + 1\nf(0)",
     "runtime_error memory_limit"},
    {"18", "bash", "yes", "output_limit"},
    {"19", "cpp",
     "int main() { static char b[1 << 16]; for (int i = 0; i < 4000; ++i) blocked(write(2, b, sizeof b) < 0 ? 1 : "
     "-1);\n"
     "return done(); }",
     "accepted"},
    {"20", "python", "import sys\nfor i in range(200): sys.stdout.write('a' * (1 << 20))", "output_limit"},
    {"21", "bash", "dd if=/dev/zero of=/tmp/x bs=1M count=4000 2>/dev/null; echo 42", "accepted memory_limit"},
    {"22", "python",
     "try:\n  for i in range(5000000): open('/tmp/%d' % i, 'w').close()\nexcept OSError: pass\nprint(42)",
     "accepted cpu_limit wall_limit memory_limit runtime_error"},
    {"23", "python",
     "try:\n  f = open('/dev/shm/x', 'wb')\n  for i in range(4000): f.write(bytes(1 << 20))\n  print('ESCAPED')\n"
     "except OSError: print(42)",
     "accepted memory_limit"},
    {"24", "cpp",
     "int main() { int f = open(\"/tmp/x\", O_CREAT | O_RDWR, 0600); blocked(posix_fallocate(f, 0, 1l << 40) ? -1 : "
     "0);\n"
     "return done(); }",
     "accepted runtime_error"},
    {"25", "python",
     "import os\nos.chdir('/tmp')\ntry:\n  for i in range(20000):\n    os.mkdir('d')\n    os.chdir('d')\n"
     "except OSError: pass\nprint(42)",
     "accepted cpu_limit memory_limit"},
    {"26", "bash", "cd /tmp; touch -- $'new\\nline' -rf $'\\xff\\xfe' ' '; mkfifo pipe; ln -s / root; echo 42",
     "accepted"},
    {"66", "cpp", "template <int n> struct A { typedef A<n + 1> B; B b; }; A<0> a; int main() {}", "compile_error"},
    {"66b", "cpp",
     "constexpr long f(long n) { long s = 0; for (long i = 0; i < n; ++i) s += i * i; return s; }\n"
     "constexpr long x = f(1l << 60); int main() { return x; }",
     "compile_error"},
    {"67", "cpp", "#include \"/etc/passwd\"\nint main() { return done(); }", "compile_error"},
    {"67b", "cpp", "#include \"/dev/zero\"\nint main() { return done(); }", "compile_error"},
    {"68", "cpp", "int a[1 << 30] = {1}; int main() { return a[5]; }", "compile_error"},
    {"69", "cpp", "asm(\".incbin \\\"/etc/shadow\\\"\"); int main() { return done(); }", "compile_error"},
    {"70", "cpp",
     "struct S { S() { if (fork() == 0) { sleep(1000); _exit(0); } } } s;\n"
     "int main(int, char** a) { if (!getenv(\"LD_PRELOAD\")) { setenv(\"LD_PRELOAD\", \"/tmp/none.so\", 1); "
     "execv(a[0], a); }\n"
     "return done(); }",
     "accepted"},
    {"71", "python",
     "import time\ntime.time = time.monotonic = lambda: 0\n"
     "try: time.clock_settime(time.CLOCK_REALTIME, 0)\nexcept OSError: pass\n"
     "import os\ntry: os.nice(-20)\nexcept OSError: pass\nwhile True: pass",
     "cpu_limit"},
};

inline constexpr Attack kEscapeAttacks[] = {
    {"27", "python",
     "import socket\nfor host in ('127.0.0.1', '1.1.1.1'):\n  for port in (22, 53, 80):\n    try:\n"
     "      socket.create_connection((host, port), 0.2)\n      print('ESCAPED')\n    except OSError: pass\nprint(42)",
     "accepted"},
    {"28", "cpp",
     "int main() { blocked(socket(AF_INET, SOCK_RAW, 255)); blocked(socket(AF_NETLINK, SOCK_RAW, 0) < 0 ? -1 : -1);\n"
     "blocked(socket(AF_VSOCK, SOCK_STREAM, 0)); blocked(socket(AF_PACKET, SOCK_RAW, 0)); return done(); }",
     "accepted"},
    {"29", "python",
     "import socket\ntry:\n  socket.getaddrinfo('example.com', 80)\n  print('ESCAPED')\nexcept OSError: print(42)",
     "accepted"},
    {"30", "bash", "for f in /etc/shadow /root /home /work /var/log; do ls -A $f 2>/dev/null; done; echo 42",
     "accepted"},
    {"31", "bash",
     "grep -aqs '[h]one_planted' /proc/1/environ /proc/1/cmdline /proc/1/maps /proc/self/environ /proc/*/environ && "
     "echo ESCAPED;"
     "env | grep -q '[h]one_planted' && echo ESCAPED; echo 42",
     "accepted"},
    {"32", "cpp",
     "int main() { char n[64]; for (int p = 1; p < 3; ++p) for (int i = 0; i < 64; ++i) {\n"
     "if (p == 2 && i < 3) continue; sprintf(n, p == 1 ? \"/proc/1/fd/%d\" : \"/proc/self/fd/%d\", i);\n"
     "int f = open(n, O_WRONLY); if (f >= 0) { blocked(write(f, \"7\", 1)); close(f); } } return done(); }",
     "accepted"},
    {"33", "cpp",
     "int main() { int p = syscall(SYS_pidfd_open, 1, 0); long one = 1;\n"
     "for (int i = 0; i < 65; ++i) { int f = syscall(SYS_pidfd_getfd, p, i, 0); blocked(f); if (f >= 0) write(f, &one, "
     "8); }\n"
     "return done(); }",
     "accepted"},
    {"34", "cpp",
     "int main() { int p = syscall(SYS_pidfd_open, 1, 0); long one = 1;\n"
     "for (int i = 0; i < 65; ++i) { int f = syscall(SYS_pidfd_getfd, p, i, 0); if (f >= 0) write(f, &one, 8); }\n"
     "done(); return 7; }",
     "runtime_error"},
    {"35", "cpp",
     "int main() { blocked(ptrace(PTRACE_ATTACH, 1, 0, 0)); blocked(ptrace(PTRACE_SEIZE, getppid(), 0, 0)); return "
     "done(); }",
     "accepted"},
    {"36", "cpp",
     "int main() { char b[8]; iovec v = {b, 8}, r = {(void*)main, 8}; blocked(process_vm_readv(getppid(), &v, 1, &r, "
     "1, 0));\n"
     "return done(); }",
     "accepted"},
    {"37", "python",
     "import os\nfor fd in range(3, 256):\n  try:\n    if b'hone_planted' in os.pread(fd, 1 << 16, 0): "
     "print('ESCAPED')\n"
     "  except OSError: pass\nprint(42)",
     "accepted"},
    {"38", "bash",
     "grep -aqs -e '[h]one_planted' -e '[s]andboxd' -e '[g]test' /proc/*/cmdline /proc/self/mountinfo && echo ESCAPED; "
     "echo 42",
     "accepted"},
    {"39", "cpp", "int main() { kill(-1, SIGKILL); kill(1, SIGKILL); return done(); }", "accepted runtime_error"},
    {"40", "cpp", "int main() { kill(getppid(), SIGSTOP); kill(getppid(), SIGKILL); return done(); }",
     "accepted runtime_error"},
    {"41", "cpp",
     "int main() { blocked(unshare(CLONE_NEWUSER)); blocked(unshare(CLONE_NEWNS)); blocked(mount(\"none\", \"/tmp\", "
     "\"tmpfs\", 0, 0));\n"
     "return done(); }",
     "accepted"},
    {"42", "cpp",
     "int main() { int d = open(\"/\", O_RDONLY); blocked(chroot(\"/tmp\")); blocked(syscall(SYS_pivot_root, \"/tmp\", "
     "\"/tmp\"));\n"
     "for (int i = 0; i < 50; ++i) { fchdir(d); chdir(\"..\"); } blocked(access(\"/work/main\", F_OK)); return done(); "
     "}",
     "accepted"},
    {"43", "bash",
     "su -c id root >/dev/null 2>&1 </dev/null && echo ESCAPED; mount -t tmpfs x /tmp 2>/dev/null && echo ESCAPED; "
     "echo 42",
     "accepted"},
    {"44", "cpp",
     "int main() { blocked(syscall(SYS_add_key, \"user\", \"hone\", \"x\", 1, -3)); blocked(syscall(SYS_keyctl, 0, -3, "
     "1));\n"
     "return done(); }",
     "accepted"},
    {"45", "cpp",
     "int main() { static char b[256]; blocked(syscall(SYS_io_uring_setup, 8, b)); blocked(syscall(SYS_bpf, 0, b, "
     "64));\n"
     "blocked(syscall(SYS_perf_event_open, b, 0, -1, -1, 0)); blocked(syscall(SYS_userfaultfd, 0)); return done(); }",
     "accepted"},
    {"46", "bash", "ln -sf /etc/passwd solution.sh 2>/dev/null; ln -sf /etc/passwd output; echo 42", "accepted"},
    {"47", "python", "import os\ntry: os.mkfifo('/tmp/output')\nexcept OSError: pass\nprint(42)", "accepted"},
    {"49", "bash", "(sleep 0.2; echo 43; echo 43 > /tmp/late) & echo 42", "accepted"},
    {"57", "python",
     "import os\nfor d in ('.', os.path.expanduser('~'), '/tmp'):\n"
     "  for n in ('conftest.py', 'sitecustomize.py', 'usercustomize.py', 'json.py'):\n"
     "    try: open(os.path.join(d, n), 'w').write('print(43)')\n    except OSError: pass\n"
     "import subprocess, sys\nimport json\nprint(42)",
     "accepted"},
};

}  // namespace hone::sandboxes
