#include "sandboxes/languages.h"

#include <array>

#include "base/check.h"

namespace hone::sandboxes {
namespace {

constexpr std::array<std::string_view, 3> kLanguages = {"python", "cpp", "bash"};
constexpr const char* kBinary = "program";
constexpr const char* kCppSource = "program.cpp";

// gnu++20: programs of contests use __int128 as an integer type. Messages are not read, so one is enough.
const std::vector<std::string>& compile_command() {
  static const std::vector<std::string> command = {
      "g++", "-O2", "-std=gnu++20", "-w", "-fmax-errors=1", "-o", kBinary, kCppSource};
  return command;
}

constexpr Limits kCompilerLimits = {.cpu_seconds = 10, .wall_seconds = 20, .memory_mib = 1024, .output_mib = 1,
                                    .files_mib = 64, .processes = 64};

Digest binary_key(const Program& program) {
  Sha256 hash;
  for (const std::string& word : compile_command()) hash.update_string(word);
  hash.update_string(*program.source);
  return hash.finish();
}

std::string compile_problem(const RunResult& run) {
  switch (run.ending) {
    case Ending::kCpuLimit:
    case Ending::kWallLimit: return "the compiler ran too long";
    case Ending::kMemoryLimit: return "the compiler needed too much memory";
    case Ending::kOutputLimit: return "the compiler wrote too much";
    default: return "the program does not compile";
  }
}

}  // namespace

std::string_view to_string(Language language) { return kLanguages[static_cast<size_t>(language)]; }

Result<Language> parse_language(std::string_view name) {
  for (size_t i = 0; i < kLanguages.size(); ++i)
    if (kLanguages[i] == name) return static_cast<Language>(i);
  return Error{.message = str("must be python, cpp or bash, not '", name.substr(0, 64), "'"), .field = "language"};
}

RunResult run_with_retries(Sandbox& sandbox, const RunRequest& request) {
  constexpr int kAttempts = 3;
  RunResult result;
  for (int attempt = 0; attempt < kAttempts && result.ending == Ending::kInfra; ++attempt) {
    Result<RunResult> run = sandbox.run(request);
    if (!run.ok()) return {.ending = Ending::kInfra, .reason = run.error().to_string()};
    result = std::move(run).value();
  }
  return result;
}

Build Builder::build(const Program& program) {
  switch (program.language) {
    case Language::kPython:
      return {Build::Outcome::kReady, {Runner::kPython, {"solution.py"}, {{"solution.py", program.source}}}, ""};
    case Language::kBash:
      return {
          Build::Outcome::kReady, {Runner::kProgram, {"bash", "solution.sh"}, {{"solution.sh", program.source}}}, ""};
    case Language::kCpp: break;
  }
  const Compilation made = binaries_.get(binary_key(program), [&]() -> OnceCache<Compilation>::Made {
    Compilation result = compile(program);
    const bool keep = result.outcome != Build::Outcome::kInfra;
    const auto bytes = static_cast<int64_t>(result.binary ? result.binary->size() : 0);
    constexpr int64_t kBookkeeping = 512;
    return {std::move(result), keep ? bytes + kBookkeeping : -1};
  });
  Build build{made.outcome, {}, made.reason};
  if (made.binary) build.executable = {Runner::kProgram, {str("./", kBinary)}, {{kBinary, made.binary, true}}};
  return build;
}

Builder::Compilation Builder::compile(const Program& program) const {
  const RunRequest request{.runner = Runner::kProgram, .argv = compile_command(),
                           .files = {{kCppSource, program.source}}, .fetch = {kBinary}, .limits = kCompilerLimits};
  RunResult run = run_with_retries(*sandbox_, request);
  if (run.ending == Ending::kInfra) return {Build::Outcome::kInfra, nullptr, "compiling: " + run.reason};
  constexpr int kNotFound = 127;
  const bool absent = run.ending == Ending::kExited && run.code == kNotFound;
  if (absent) return {Build::Outcome::kInfra, nullptr, "there is no g++ in /usr/bin"};
  const bool compiled = run.ending == Ending::kExited && run.code == 0 && !run.fetched.empty();
  if (compiled) return {Build::Outcome::kReady, run.fetched.front().bytes, ""};
  return {Build::Outcome::kCompileError, nullptr, compile_problem(run)};
}

}  // namespace hone::sandboxes
