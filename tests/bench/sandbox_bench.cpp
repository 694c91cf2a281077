// Programs a second through the sandbox against the ways without one, in the same run: sandbox_bench [RUNS] [SLOTS].
// Ratios count: the machine may be busy.
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "sandboxes/sandbox.h"

namespace hone::sandboxes {
namespace {

constexpr char kPython[] = "print(sum(map(int, input().split())))\n";
constexpr char kCpp[] =
    "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b << '\\n'; }\n";

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Calls a second of `work` by as many threads as there are slots.
double rate(int calls, int threads, const std::function<void()>& work) {
  std::atomic<int> left = calls;
  std::vector<std::thread> team;
  const double began = seconds();
  for (int i = 0; i < threads; ++i) {
    team.emplace_back([&] {
      while (left-- > 0) work();
    });
  }
  for (std::thread& thread : team) thread.join();
  return calls / (seconds() - began);
}

std::shared_ptr<const std::string> bytes(const char* text) { return std::make_shared<const std::string>(text); }

RunRequest python_request() {
  RunRequest request;
  request.runner = Runner::kPython;
  request.argv = {"program.py"};
  request.files = {{"program.py", bytes(kPython)}};
  request.input = bytes("1 2\n");
  return request;
}

void expect(bool right, const char* what) {
  if (right) return;
  fprintf(stderr, "%s failed\n", what);
  exit(1);
}

void plain(const std::string& command) { expect(::system(command.c_str()) == 0, command.c_str()); }

RunResult compile(Sandbox& sandbox) {
  RunRequest request;
  request.argv = {"g++", "-O2", "-o", "program", "program.cpp"};
  request.files = {{"program.cpp", bytes(kCpp)}};
  request.fetch = {"program"};
  request.limits = {.cpu_seconds = 30, .wall_seconds = 60, .memory_mib = 1024, .processes = 64};
  return sandbox.run(request).value();
}

int bench(int runs, int slots) {
  const std::shared_ptr<Sandbox> sandbox = Sandbox::start({.slots = slots}).value();
  const RunRequest request = python_request();
  const auto run = [&] { expect(sandbox->run(request).value().out == "3\n", "python in the sandbox"); };
  rate(slots * 20, slots, run);
  const double ours = rate(runs, slots, run);
  char directory[] = "/tmp/hone-bench-XXXXXX";
  expect(::mkdtemp(directory) != nullptr, "mkdtemp");
  const std::string at = directory;
  FILE* file = ::fopen((at + "/program.py").c_str(), "w");
  ::fputs(kPython, file);
  ::fclose(file);
  file = ::fopen((at + "/program.cpp").c_str(), "w");
  ::fputs(kCpp, file);
  ::fclose(file);
  const int few = std::max(slots * 10, runs / 10);
  const std::string python = "/usr/bin/python3 -I -S " + at + "/program.py >/dev/null";
  const double bare = rate(few, slots, [&] { plain("echo 1 2 | exec " + python); });
  const std::string bwrap = "bwrap --unshare-all --die-with-parent --ro-bind / / --dev /dev --proc /proc ";
  const double boxed = rate(few, slots, [&] { plain("echo 1 2 | exec " + bwrap + python); });
  printf("python programs a second, %d slots: sandbox %.0f, python -I -S %.0f (%.2fx), bwrap + python %.0f (%.2fx)\n",
         slots, ours, bare, ours / bare, boxed, ours / boxed);

  std::string binary;
  const double inside = rate(slots * 3, slots, [&] {
    const RunResult result = compile(*sandbox);
    expect(result.fetched.size() == 1, "g++ in the sandbox");
  });
  binary = *compile(*sandbox).fetched.at(0).bytes;
  const double outside = rate(slots * 3, slots, [&] { plain("g++ -O2 -o /dev/null " + at + "/program.cpp"); });
  printf("g++ -O2 a second: sandbox %.2f, bare %.2f (%.2fx)\n", inside, outside, inside / outside);
  RunRequest native;
  native.argv = {"./program"};
  native.files = {{"program", std::make_shared<const std::string>(binary), true}};
  native.input = bytes("1 2\n");
  const double natives =
      rate(runs, slots, [&] { expect(sandbox->run(native).value().out == "3\n", "a binary in the sandbox"); });
  printf("native programs a second: sandbox %.0f\n", natives);
  plain("rm -r " + at);
  return 0;
}

}  // namespace
}  // namespace hone::sandboxes

int main(int count, char** words) {
  return hone::sandboxes::bench(count > 1 ? atoi(words[1]) : 3000, count > 2 ? atoi(words[2]) : 2);
}
