// Workers: long-lived programs of the user, held by hone-sandboxd.
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "tests/sandboxes/host_state.h"
#include "tests/sandboxes/sandbox_fixture.h"

namespace hone::sandboxes {
namespace {

using namespace std::chrono_literals;

class SandboxWorker : public ::testing::Test {
 protected:
  void SetUp() override {
    sandbox_ = sandbox_of(Tier::kUnsafe);
    ASSERT_TRUE(sandbox_);
  }

  std::unique_ptr<Worker> spawn(const std::string& script, std::vector<std::string> environment = {}) {
    Result<std::unique_ptr<Worker>> worker = sandbox_->spawn({{"bash", "-c", script}, std::move(environment), "/"});
    HONE_CHECK(worker.ok(), worker.error().to_string());
    return std::move(*worker);
  }

  static std::string read_line(int fd) {
    std::string line;
    for (char c = 0; c != '\n';) {
      pollfd ready{fd, POLLIN, 0};
      if (::poll(&ready, 1, 5000) != 1 || ::read(fd, &c, 1) != 1) break;
      line += c;
    }
    return line;
  }

  static std::string wait_for_end(const Worker& worker) {
    for (int i = 0; i < 500 && worker.ended().empty(); ++i) std::this_thread::sleep_for(10ms);
    return worker.ended();
  }

  Sandbox* sandbox_ = nullptr;
};

TEST_F(SandboxWorker, AnswersManyRequests) {
  const std::unique_ptr<Worker> worker = spawn("while read x; do echo $((x * 2)); done");
  for (int i = 0; i < 50; ++i) {
    const std::string word = std::to_string(i) + "\n";
    ASSERT_EQ(::write(worker->in(), word.data(), word.size()), static_cast<ssize_t>(word.size()));
    EXPECT_EQ(read_line(worker->out()), std::to_string(2 * i) + "\n");
  }
  EXPECT_EQ(worker->ended(), "");
}

TEST_F(SandboxWorker, HasOnlyTheGivenEnvironmentAndStreams) {
  ::setenv("HONE_TEST_SECRET", "x", 1);
  const std::unique_ptr<Worker> worker = spawn(
      "env | cut -d= -f1 | sort | tr '\\n' ' '; echo; ls /proc/self/fd "
      "| wc -l",
      {"GIVEN=1"});
  const std::string names = read_line(worker->out());
  EXPECT_THAT(names, ::testing::HasSubstr("GIVEN"));
  EXPECT_THAT(names, ::testing::Not(::testing::HasSubstr("SECRET")));
  EXPECT_EQ(read_line(worker->out()), "4\n");
}

TEST_F(SandboxWorker, TellsHowItEnded) {
  EXPECT_EQ(wait_for_end(*spawn("exit 3")), "exited with code 3");
  EXPECT_EQ(wait_for_end(*spawn("kill -9 $$")), "killed by signal 9");
  EXPECT_EQ(wait_for_end(*spawn("sleep 300 & exit 0")), "exited with code 0");
}

TEST_F(SandboxWorker, CpuTimeCountsAllItsProcesses) {
  const std::unique_ptr<Worker> worker = spawn("(timeout 0.3 bash -c 'while :; do :; done'); echo done; sleep 60");
  read_line(worker->out());
  const std::optional<double> used = worker->cpu_seconds();
  ASSERT_TRUE(used);
  EXPECT_GT(*used, 0.02);
  EXPECT_LT(*used, 5);
}

TEST_F(SandboxWorker, NothingOfItSurvives) {
  const HostState before = HostState::settled();
  for (const bool by_kill : {true, false}) {
    std::unique_ptr<Worker> worker = spawn("setsid sleep 300 & (setsid sleep 300 &) ; echo up; sleep 300");
    read_line(worker->out());
    if (by_kill) {
      worker->kill();
      EXPECT_EQ(wait_for_end(*worker), "killed by signal 9");
    }
    worker.reset();
  }
  // hone-sandboxd takes note of ended workers at the next one.
  spawn("true").reset();
  std::string left = before.difference_when_settled();
  EXPECT_THAT(left, ::testing::Not(::testing::HasSubstr("own descriptors")));
  EXPECT_THAT(left, ::testing::Not(::testing::HasSubstr("mounts")));
  for (const auto& [id, name] : descendants()) EXPECT_NE(name, "sleep");
}

TEST_F(SandboxWorker, EndsWithTheDaemonAndCanBeSpawnedAgain) {
  const std::set<pid_t> others = daemon_processes();
  Result<std::shared_ptr<Sandbox>> sandbox =
      Sandbox::start({.slots = 1, .best_tier = Tier::kUnsafe, .allow_unsafe = true});
  ASSERT_TRUE(sandbox.ok());
  std::set<pid_t> daemons = daemon_processes();
  for (const pid_t other : others) daemons.erase(other);
  ASSERT_EQ(daemons.size(), 1U);
  std::unique_ptr<Worker> worker = (*sandbox)->spawn({{"sleep", "300"}, {}, "/"}).value();
  ::kill(*daemons.begin(), SIGKILL);
  EXPECT_EQ(wait_for_end(*worker), "killed by signal 9");
  EXPECT_FALSE(worker->cpu_seconds());
  EXPECT_TRUE((*sandbox)->spawn({{"sleep", "300"}, {}, "/"}).ok());
}

TEST_F(SandboxWorker, MissingProgramEndsWith127) {
  Result<std::unique_ptr<Worker>> worker = sandbox_->spawn({{"no-such-program"}, {}, "/"});
  ASSERT_TRUE(worker.ok());
  EXPECT_EQ(wait_for_end(**worker), "exited with code 127");
  EXPECT_THAT(read_line((*worker)->err()), ::testing::StartsWith("cannot run no-such-program: "));
}

}  // namespace
}  // namespace hone::sandboxes
