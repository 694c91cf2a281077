// Programs that attack their sandbox: each ends as it should, tells nothing of the host, and leaves nothing behind.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <set>

#include "base/file.h"
#include "tests/sandboxes/host_state.h"
#include "tests/sandboxes/sandbox_fixture.h"

namespace hone::sandboxes {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSecret[] = "hone-planted-secret-5f2c";

enum class Language { kPython, kBash, kNative };  // kNative: an attack of attacks.cpp

struct Attack {
  int id;  // of the list that the suite follows
  Language language;
  const char* source;
  std::set<Ending> endings;
  int code = -1;                 // of kExited or kSignalled; -1: any
  const char* out = nullptr;     // the whole of stdout
  bool only_namespaces = false;  // not held by Landlock
  bool processes = false;        // starts more than are allowed
};

constexpr auto kPython = Language::kPython;
constexpr auto kBash = Language::kBash;
constexpr auto kNative = Language::kNative;
constexpr auto kExited = Ending::kExited;
constexpr auto kSignalled = Ending::kSignalled;
constexpr auto kWall = Ending::kWallLimit;
constexpr auto kCpu = Ending::kCpuLimit;
constexpr auto kMemory = Ending::kMemoryLimit;
constexpr auto kOutput = Ending::kOutputLimit;

const Attack kAttacks[] = {
    {1, kBash, ":(){ :|:& };:; sleep 5", {kExited, kSignalled, kWall, kCpu, kMemory}},
    {2,
     kPython,
     "import os\nwhile True:\n try: os.fork()\n except OSError: pass",
     {kExited, kSignalled, kWall, kCpu, kMemory}},
    {3, kNative, "fork_chain", {kExited, kWall, kCpu, kSignalled}},
    {4, kNative, "threads", {kExited, kWall, kMemory, kSignalled}},
    {5,
     kPython,
     "import os, time\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0: time.sleep(300)\n"
     " os._exit(0)\nprint('right')",
     {kExited},
     0,
     "right\n"},
    {6, kBash, "nohup sleep 300 >/dev/null 2>&1 & echo right", {kExited}, 0, "right\n"},
    {7, kPython, "import signal\nfor s in (1, 2, 15, 24): signal.signal(s, signal.SIG_IGN)\nwhile True: pass", {kCpu}},
    {8, kNative, "busy", {kCpu}},
    {9, kPython, "import time\ntime.sleep(1000)", {kWall}},
    {10, kNative, "many_small", {kCpu}, -1, nullptr, false, true},
    {11, kNative, "stop", {kWall}},
    {12, kNative, "read_for_ever", {kCpu, kWall}},
    {13, kPython, "'a' * (8 << 30)", {kMemory}},
    {14, kNative, "fork_with_memory", {kMemory}, -1, nullptr, false, true},
    {15, kNative, "reserve", {kExited}, 0, "reserved\n"},
    {16, kNative, "recurse", {kSignalled}, 11},
    {17, kPython, "import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()", {kSignalled, kMemory, kExited, kCpu}},
    {18, kBash, "yes", {kOutput}},
    {19, kNative, "stderr_flood", {kExited}, 0, "right\n"},
    {20, kPython, "import sys\nfor i in range(200): sys.stdout.write('x' * (1 << 20))", {kOutput}},
    {21,
     kBash,
     "dd if=/dev/zero of=/tmp/fill bs=1M 2>/dev/null; dd if=/dev/zero of=fill bs=1M 2>/dev/null; echo $?",
     {kExited, kSignalled, kMemory}},
    {22,
     kPython,
     "n = 0\ntry:\n while n < 5000000:\n  open(f'f{n}', 'w').close()\n  n += 1\nexcept OSError: pass\n"
     "print(n < 20000)",
     {kExited},
     0,
     "True\n",
     true},
    {23,
     kPython,
     "try:\n with open('/dev/shm/fill', 'wb') as f:\n  for i in range(200): f.write(b'x' * (1 << 20))\n"
     " print('ESCAPED')\n"
     "except OSError: print('blocked')",
     {kExited},
     0,
     "blocked\n"},
    {24, kNative, "sparse_file", {kExited}, 0, "blocked\n"},
    {25, kPython, "import os\nfor i in range(20000):\n os.mkdir('d')\n os.chdir('d')\nprint('deep')", {kExited, kCpu}},
    {26,
     kPython,
     "import os\nfor n in (b'a\\nb', b'-rf', b'\\xff\\xfe', b'*', b' ', b'$(x)'): open(n, 'w').close()\n"
     "os.mkdir('no', 0)\nprint('named')",
     {kExited},
     0,
     "named\n"},
    {27,
     kPython,
     "import socket\nfor a in ('127.0.0.1', '1.1.1.1'):\n try:\n  socket.create_connection((a, 80), 3)\n"
     "  print('ESCAPED')\n"
     " except OSError: print('blocked')",
     {kExited},
     0,
     "blocked\nblocked\n"},
    {28, kNative, "sockets", {kExited}, 0, "blocked\n"},
    {29,
     kPython,
     "import socket\ntry: print('ESCAPED', socket.getaddrinfo('example.com', 80))\n"
     "except OSError: print('blocked')",
     {kExited},
     0,
     "blocked\n"},
    {30,
     kBash,
     "cat /etc/shadow /etc/passwd /root/.bashrc /tmp/hone-planted-*; ls /root /home /work /var /mnt; "
     "echo end",
     {kExited},
     0,
     "end\n"},
    {31,
     kBash,
     "cat /proc/1/environ /proc/1/maps /proc/[0-9]*/environ | tr '\\0' '\\n' | grep -a planted; echo "
     "end",
     {kExited},
     0,
     "end\n"},
    {32, kNative, "init_streams", {kExited}, 0, "blocked\n", true},
    {33, kNative, "steal_descriptors", {kExited}, 7, "blocked\n"},
    {35, kNative, "trace", {kExited}, 0, "blocked\n"},
    {38,
     kPython,
     "import os\nids = [p for p in os.listdir('/proc') if p.isdigit()]\nprint(len(ids))\n"
     "text = open('/proc/self/mountinfo').read() + open('/proc/1/cmdline').read()\n"
     "print(any(w in text for w in ('/root', '/home', '/work', '/build')))",
     {kExited},
     0,
     "2\nFalse\n",
     true},
    {39, kNative, "kill_all", {kExited}, 0, "alive\n"},
    {40, kNative, "stop_parent", {kExited}, 5, "alive\n"},
    {41, kNative, "namespaces", {kExited}, 0, "blocked\n"},
    {42, kNative, "mounts", {kExited}, 0, "blocked\n"},
    {43,
     kBash,
     "for f in /usr/bin/su /usr/bin/mount /usr/bin/passwd; do [ -u $f ] && \"$f\" </dev/null; done "
     ">/dev/null 2>&1; id -u >/dev/null; grep -c 'NoNewPrivs:.1' /proc/self/status",
     {kExited},
     0,
     "1\n",
     true},
    {44, kNative, "kernel_interfaces", {kExited}, 0, "blocked\n"},
    {46, kBash, "ln -s /etc/passwd output; echo end", {kExited}, 0, "end\n"},
    {47, kPython, "import os\nos.mkfifo('output')\nprint('end')", {kExited}, 0, "end\n"},
    {48,
     kPython,
     "import os\nok = False\nfor p in ('/usr/bin/env', '/proc/1/exe'):\n"
     " try: os.link(p, 'stolen'); ok = True\n except OSError: pass\nprint(ok)",
     {kExited},
     0,
     "False\n"},
    {50, kBash, "ls -A / .. | grep -a expected; env | grep -a planted; echo end", {kExited}, 0, "end\n"},
    {57,
     kPython,
     "import os\nfor n in ('sitecustomize.py', 'usercustomize.py', 'conftest.py'): open(n, "
     "'w').write('print(1)')\nprint('end')",
     {kExited},
     0,
     "end\n"},
    {70, kNative, "early_fork", {kExited}, 0, "right\n"},
    {71, kNative, "clocks_and_priorities", {kExited}, 0, "blocked\n"},
    {101, kNative, "shared_memory", {kExited}, 0, "blocked\n"},
    {102, kNative, "terminal", {kExited}, 0, "blocked\n"},
    {103, kNative, "other_architecture", {kSignalled, kExited}},
    {104,
     kBash,
     "echo x >/usr/bin/x; echo x >/x; echo x >/dev/x; echo x >/bin/x; mkdir /hone/x; rm -rf "
     "/usr/bin/env; echo end",
     {kExited},
     0,
     "end\n"},
};

std::string attack_binary() {
  static const std::string bytes = [] {
    const Result<std::string> read = read_file(own_directory() + "/sandbox_attacks");
    HONE_CHECK(read.ok(), read.error().to_string());
    return *read;
  }();
  return bytes;
}

RunRequest request_of(const Attack& attack) {
  RunRequest request;
  if (attack.language == kPython) request = python(attack.source);
  if (attack.language == kBash) request = bash(attack.source);
  if (attack.language == kNative) {
    request.argv = {"./attack", attack.source};
    static const auto binary = bytes(attack_binary());
    request.files = {{"attack", binary, true}};
  }
  request.fetch = {"output"};
  request.limits = {
      .cpu_seconds = 1.5, .wall_seconds = 2, .memory_mib = 256, .output_mib = 1, .files_mib = 16, .processes = 20};
  return request;
}

class SandboxAttack : public EveryTier {
 protected:
  void SetUp() override {
    ::setenv("HONE_TEST_PLANTED", kSecret, 1);
    planted_ = "/tmp/hone-planted-" + std::to_string(::getpid());  // looked for by attack 30
    std::ofstream(planted_) << kSecret << "\n";
    ::chmod(planted_.c_str(), 0644);
    ASSERT_EQ(::dup2(::open(planted_.c_str(), O_RDONLY), 77), 77);  // without O_CLOEXEC
    EveryTier::SetUp();
  }
  void TearDown() override {
    ::close(77);
    ::unlink(planted_.c_str());
  }

  void expect_unharmed(int id) {
    const RunResult honest = run(python("print(input())", "still here"));
    EXPECT_EQ(honest.out, "still here\n") << "after " << id << ": " << honest.reason << honest.err;
  }

  std::string planted_;
};
INSTANTIATE_TEST_SUITE_P(Tiers, SandboxAttack, ::testing::Values(Tier::kNamespaces, Tier::kLandlock), tier_name);

TEST_P(SandboxAttack, EndsAsItShouldAndLeavesNothing) {
  expect_unharmed(0);
  const HostState before = HostState::settled();
  for (const Attack& attack : kAttacks) {
    if (attack.only_namespaces && GetParam() != Tier::kNamespaces) continue;
    SCOPED_TRACE(str("attack ", attack.id, " ", attack.source));
    const auto began = std::chrono::steady_clock::now();
    const RunResult result = run(request_of(attack));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    // Where the number of processes cannot be bounded beforehand, too many of them are killed.
    const bool killed =
        GetParam() == Tier::kLandlock && ::geteuid() != 0 && attack.processes && result.ending == kSignalled;
    EXPECT_TRUE(attack.endings.contains(result.ending) || killed) << ::testing::PrintToString(result);
    if (attack.code >= 0) {
      EXPECT_EQ(result.code, attack.code);
    }
    if (attack.out) {
      EXPECT_EQ(result.out, attack.out) << result.err.substr(0, 400);
    }
    EXPECT_THAT(result.out + result.err, Not(HasSubstr(kSecret)));
    EXPECT_THAT(result.out, Not(HasSubstr("ESCAPED")));
    EXPECT_LE(result.out.size(), 1U << 20);
    EXPECT_TRUE(result.fetched.empty());
    EXPECT_LT(took.count(), 20) << "hung";
    expect_unharmed(attack.id);
    const std::string changed = before.difference_when_settled();
    EXPECT_EQ(changed, "");
  }
}

}  // namespace
}  // namespace hone::sandboxes
