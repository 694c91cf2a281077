#include "sandboxes/languages.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/sandboxes/fake_sandbox.h"

namespace hone::sandboxes {
namespace {

std::shared_ptr<const std::string> text(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

RunResult compiled(std::string binary) {
  RunResult result = exited(0);
  result.fetched = {{"program", text(std::move(binary))}};
  return result;
}

Build build_cpp(const RunResult& compiler) {
  return Builder(std::make_shared<FakeSandbox>([=](const RunRequest&) { return compiler; }))
      .build({Language::kCpp, text("source")});
}

TEST(Builder, ScriptsAreReadyAsTheyAre) {
  Builder builder(std::make_shared<FakeSandbox>([](const RunRequest&) { return exited(1); }));
  const Build python = builder.build({Language::kPython, text("p")}),
              bash = builder.build({Language::kBash, text("b")});
  EXPECT_EQ(python.outcome, Build::Outcome::kReady);
  EXPECT_EQ(python.executable.runner, Runner::kPython);
  EXPECT_EQ(*python.executable.files.at(0).bytes, "p");
  EXPECT_EQ(python.executable.argv.at(0), python.executable.files.at(0).name);
  EXPECT_EQ(bash.outcome, Build::Outcome::kReady);
  EXPECT_EQ(bash.executable.argv, (std::vector<std::string>{"bash", "solution.sh"}));
}

TEST(Builder, CompilesWithinLimitsOfItsOwn) {
  Builder builder(std::make_shared<FakeSandbox>([](const RunRequest& run) {
    EXPECT_EQ(run.argv.at(0), "g++");
    EXPECT_EQ(*run.files.at(0).bytes, "source");
    EXPECT_EQ(run.fetch, std::vector<std::string>{"program"});
    EXPECT_EQ(run.limits.cpu_seconds, 10);
    EXPECT_EQ(run.limits.memory_mib, 1024);
    EXPECT_EQ(run.limits.processes, 64);
    return compiled("binary");
  }));
  const Build build = builder.build({Language::kCpp, text("source")});
  EXPECT_EQ(build.outcome, Build::Outcome::kReady);
  EXPECT_EQ(*build.executable.files.at(0).bytes, "binary");
  EXPECT_TRUE(build.executable.files.at(0).executable);
}

TEST(Builder, TextOfTheCompilerIsNotPassedOn) {
  RunResult failed = exited(1, "root:x:0");
  failed.err = failed.reason = "root:x:0";
  const Build build = build_cpp(failed);
  EXPECT_EQ(build.outcome, Build::Outcome::kCompileError);
  EXPECT_EQ(build.reason, "the program does not compile");
}

TEST(Builder, ACompilerThatFailsIsNoErrorOfTheProgram) {
  EXPECT_EQ(build_cpp(exited(127)).outcome, Build::Outcome::kInfra);
  EXPECT_EQ(build_cpp({.ending = Ending::kInfra, .reason = "gone"}).outcome, Build::Outcome::kInfra);
  EXPECT_EQ(build_cpp({.ending = Ending::kCpuLimit}).outcome, Build::Outcome::kCompileError);
  EXPECT_EQ(build_cpp({.ending = Ending::kMemoryLimit}).outcome, Build::Outcome::kCompileError);
  EXPECT_EQ(build_cpp(exited(0)).outcome, Build::Outcome::kCompileError);  // it wrote no program
}

TEST(Builder, KeepsBinariesAndErrorsButNoFailuresOfTheSandbox) {
  const auto sandbox = std::make_shared<FakeSandbox>([](const RunRequest& run) {
    if (*run.files[0].bytes == "infra") return RunResult{.ending = Ending::kInfra};
    return *run.files[0].bytes == "bad" ? exited(1) : compiled("binary");
  });
  Builder builder(sandbox);
  const auto runs = [&](const std::string& source) {
    const int before = sandbox->runs;
    builder.build({Language::kCpp, text(source)});
    return sandbox->runs - before;
  };
  EXPECT_EQ(runs("a"), 1);
  EXPECT_EQ(runs("a"), 0);
  EXPECT_EQ(runs("b"), 1);
  EXPECT_EQ(runs("bad"), 1);
  EXPECT_EQ(runs("bad"), 0);
  EXPECT_EQ(runs("infra"), 3);
  EXPECT_EQ(runs("infra"), 3);
}

TEST(OnceCache, TheLongestUnusedGoesFirst) {
  OnceCache<int> cache(10);
  int made = 0;
  const auto get = [&](char name, int64_t size = 4) {
    Digest key{};
    key[0] = static_cast<std::byte>(name);
    const int before = made;
    cache.get(key, [&]() -> OnceCache<int>::Made { return {++made, size}; });
    return made > before;
  };
  EXPECT_TRUE(get('a'));
  EXPECT_TRUE(get('b'));
  EXPECT_FALSE(get('a'));
  EXPECT_TRUE(get('c'));  // b goes
  EXPECT_FALSE(get('a'));
  EXPECT_TRUE(get('b'));
  EXPECT_TRUE(get('d', 11));  // more than fits: not kept, and all else is gone
  EXPECT_TRUE(get('d', 11));
  EXPECT_TRUE(get('e', -1));
  EXPECT_TRUE(get('e', -1));
}

TEST(OnceCache, WhoAsksMeanwhileWaits) {
  OnceCache<int> cache(10);
  std::atomic<int> made = 0, asked = 0;
  const auto make = [&]() -> OnceCache<int>::Made {
    while (asked < 8) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return {++made, 1};
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      ++asked;
      EXPECT_EQ(cache.get({}, make), 1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
}

TEST(Languages, NamesAndNothingElse) {
  for (Language language : {Language::kPython, Language::kCpp, Language::kBash})
    EXPECT_EQ(*parse_language(to_string(language)), language);
  for (const char* bad : {"", "Python", "c++", "perl"}) EXPECT_FALSE(parse_language(bad).ok());
}

}  // namespace
}  // namespace hone::sandboxes
