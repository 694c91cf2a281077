// Runs do not see each other, and whatever dies, nothing is left and runs come back.
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

#include "base/philox.h"
#include "tests/sandboxes/host_state.h"
#include "tests/sandboxes/sandbox_fixture.h"

namespace hone::sandboxes {
namespace {

using namespace std::chrono_literals;

// What a run leaves, and how the next one in the same slot looks for it; it must print "clean".
struct Trace {
  const char* name;
  const char* leaves;
  const char* looks;
};
const Trace kTraces[] = {
    {"working directory", "open('left', 'w').write('x')",
     "import os\n"
     "print('clean' if os.listdir() == ['program.py'] else os.listdir())"},
    {"/tmp", "import os\ntry: open('/tmp/left', 'w').write('x')\nexcept OSError: pass",
     "import os\nprint('dirty' if os.path.exists('/tmp/left') else 'clean')"},
    {"/dev/shm", "try: open('/dev/shm/left', 'w').write('x')\nexcept OSError: pass",
     "import os\nprint('dirty' if os.path.exists('/dev/shm/left') else 'clean')"},
    {"root, /dev, /hone",
     "for d in ('/', '/dev/', '/hone/', '/etc/', '/dev/pts/'):\n"
     " try: open(d + 'left', 'w').write('x')\n except OSError: pass",
     "import os\nprint('dirty' if any(os.path.exists(d + 'left') for d in ('/', '/dev/', '/hone/', '/etc/', "
     "'/dev/pts/')) else 'clean')"},
    {"background process", "import os, time\nif os.fork() == 0:\n os.setsid()\n while True: time.sleep(0.01)",
     "import os\ntry: ids = [p for p in os.listdir('/proc') if p.isdigit()]\nexcept OSError: ids = ['1', '2']\n"
     "print('clean' if len(ids) == 2 else ids)"},
    {"semaphore", "import ctypes\nprint(ctypes.CDLL(None).sem_open(b'/left', 64, 0o600, 1))",
     "import ctypes\nlib = ctypes.CDLL(None)\nlib.sem_open.restype = ctypes.c_void_p\n"
     "print('dirty' if lib.sem_open(b'/left', 0) else 'clean')"},
    {"shared memory", "import ctypes\nctypes.CDLL(None).shmget(77, 4096, 0o1600)",
     "import ctypes\nprint('clean' if ctypes.CDLL(None).shmget(77, 4096, 0) == -1 else 'dirty')"},
    {"message queue", "import ctypes\nctypes.CDLL(None).mq_open(b'/left', 66, 0o600, None)",
     "import ctypes\nprint('clean' if ctypes.CDLL(None).mq_open(b'/left', 2) == -1 else 'dirty')"},
    {"key", "import ctypes\nctypes.CDLL(None).syscall(248, b'user', b'left', b'x', 1, -4)",
     "import ctypes\nprint('clean' if ctypes.CDLL(None).syscall(249, b'user', b'left', None, 0) == -1 else 'dirty')"},
    {"module state", "import json, builtins\njson.dumps = None\nbuiltins.left = 1",
     "import json, builtins\nprint('dirty' if hasattr(builtins, 'left') else json.dumps('clean')[1:-1])"},
    {"limits and signals",
     "import resource, signal, os\nresource.setrlimit(resource.RLIMIT_NOFILE, (9, 9))\n"
     "signal.signal(15, signal.SIG_IGN)\nos.umask(0o777)\nos.nice(5)",
     "import resource, signal, os\nprint('clean' if (resource.getrlimit(resource.RLIMIT_NOFILE)[0], "
     "signal.getsignal(15), os.umask(0), os.nice(0))"
     " == (64, signal.SIG_DFL, 0o22, 0) else 'dirty')"},
};

using SandboxHost = EveryTier;
INSTANTIATE_TEST_SUITE_P(Tiers, SandboxHost, ::testing::Values(Tier::kNamespaces, Tier::kLandlock), tier_name);

TEST_P(SandboxHost, RunsOfASlotDoNotSeeEachOther) {
  Result<std::shared_ptr<Sandbox>> one = Sandbox::start({.slots = 1, .best_tier = GetParam()});
  ASSERT_TRUE(one.ok());
  for (const Trace& trace : kTraces) {
    (void)(*one)->run(python(trace.leaves)).value();
    EXPECT_EQ((*one)->run(python(trace.looks)).value().out, "clean\n") << trace.name;
  }
}

TEST_P(SandboxHost, RunsSideBySideDoNotSeeEachOther) {
  // Without namespaces /tmp is the host's, and nothing can be written there.
  const std::string path = "path = '/tmp/mine' if __file__.startswith('/box') else 'mine'\n";
  std::thread other([&] { run(python("import time\n" + path + "open(path, 'w')\ntime.sleep(0.7)")); });
  std::this_thread::sleep_for(300ms);
  const RunResult result = run(python("import os\n" + path + "print(os.path.exists(path))"));
  other.join();
  EXPECT_EQ(result.out, "False\n");
}

TEST_P(SandboxHost, NothingIsLeftWhenASandboxEnds) {
  const HostState before = HostState::settled();
  {
    Result<std::shared_ptr<Sandbox>> sandbox = Sandbox::start({.slots = 3, .best_tier = GetParam()});
    ASSERT_TRUE(sandbox.ok());
    (void)(*sandbox)->run(bash("setsid sleep 60 & exit 0")).value();
  }
  EXPECT_EQ(before.difference_when_settled(), "");
}

TEST_P(SandboxHost, RunsComeBackWhenTheDaemonIsKilled) {
  const std::set<pid_t> others = daemon_processes();
  Result<std::shared_ptr<Sandbox>> sandbox = Sandbox::start({.slots = 2, .best_tier = GetParam()});
  ASSERT_TRUE(sandbox.ok());
  // Kills at random moments, each after some runs have ended: a run that meets two kills may end as infra.
  std::atomic<bool> done = false;
  std::atomic<int> ended = 0;
  std::atomic<int> kills = 0;
  std::thread killer([&] {
    for (uint32_t i = 0; !done; ++i) {
      const int before = ended;
      while (ended < before + 4 && !done) std::this_thread::sleep_for(1ms);
      std::this_thread::sleep_for(std::chrono::microseconds(philox4x32(7, {i, 0, 0, 0})[0] % 40000));
      for (const pid_t victim : daemon_processes()) {
        if (!done && !others.contains(victim)) kills += ::kill(victim, SIGKILL) == 0;
      }
    }
  });
  int right = 0, infra = 0;
  std::vector<std::thread> clients;
  std::mutex mutex;
  for (int c = 0; c < 2; ++c) {
    clients.emplace_back([&, c] {
      for (int i = 0; i < 20; ++i) {
        const std::string word = std::to_string(100 * c + i);
        const RunResult result = (*sandbox)->run(python("import time\ntime.sleep(0.02)\nprint(input())", word)).value();
        const std::lock_guard lock(mutex);
        right += result.ending == Ending::kExited && result.out == word + "\n";
        infra += result.ending == Ending::kInfra;
        ++ended;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  done = true;
  killer.join();
  EXPECT_EQ(right + infra, 40) << "a run was answered wrongly";
  EXPECT_GE(right, 32);
  EXPECT_GE(kills, 3);
  const RunResult after = (*sandbox)->run(python("print(1)")).value();
  EXPECT_EQ(after.out, "1\n");
}

// What a kill -9 of this program does: a child starts a sandbox, is killed, and its processes have to go.
TEST_P(SandboxHost, EverythingEndsWithItsOwner) {
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const pid_t owner = ::fork();
  if (owner == 0) {
    Result<std::shared_ptr<Sandbox>> sandbox = Sandbox::start({.slots = 1, .best_tier = GetParam()});
    std::thread run([&] { (void)(*sandbox)->run(bash("setsid sleep 71717 & sleep 71717")).value(); });
    std::this_thread::sleep_for(500ms);
    std::string text;
    for (const auto& [id, name] : descendants()) text += std::to_string(id) + " ";
    (void)!::write(pipe[1], text.data(), text.size());
    ::kill(::getpid(), SIGKILL);
  }
  ::close(pipe[1]);
  char text[4096] = {};
  (void)!::read(pipe[0], text, sizeof text - 1);
  ::close(pipe[0]);
  ::waitpid(owner, nullptr, 0);
  std::istringstream ids(text);
  int count = 0, alive = 0;
  std::vector<pid_t> all;
  for (pid_t id; ids >> id; ++count) all.push_back(id);
  EXPECT_GE(count, 4);
  for (int attempt = 0; attempt < 100; ++attempt) {
    alive = 0;
    for (const pid_t id : all) {
      const std::string status = text_of("/proc/" + std::to_string(id) + "/status");
      alive += !status.empty() && status.find("State:\tZ") == std::string::npos;
    }
    if (alive == 0) break;
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(alive, 0);
}

TEST(SandboxProbe, TellsWhatThisMachineGives) {
  const SandboxReport report = Sandbox::probe({});
  EXPECT_FALSE(report.holds.empty());
  EXPECT_TRUE(report.available);
}

TEST(SandboxProbe, AWeakerTierIsRefusedNotTaken) {
  Result<std::shared_ptr<Sandbox>> sandbox =
      Sandbox::start({.best_tier = Tier::kLandlock, .min_tier = Tier::kNamespaces});
  ASSERT_FALSE(sandbox.ok());
  sandbox = Sandbox::start({.best_tier = Tier::kUnsafe});
  ASSERT_FALSE(sandbox.ok());
}

// The suites above once more without root: other user numbers, other limits, no cgroups.
TEST(SandboxOfAnOrdinaryUser, DoesTheSame) {
  if (::geteuid() != 0) GTEST_SKIP() << "is an ordinary user";
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(1);
    if (::access((own_directory() + "/hone-sandboxd").c_str(), X_OK) != 0) ::_exit(77);
    ::execl("/proc/self/exe", "sandboxes_test",
            "--gtest_filter=*SandboxRun.*:*SandboxPythonIn.*:*SandboxHost.*:*SandboxWorker.*:*SandboxAttack.*",
            nullptr);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "nobody may not enter " << own_directory();
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace hone::sandboxes
