// From source text to something a sandbox can run.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sandboxes/judge_cache.h"
#include "sandboxes/sandbox.h"

namespace hone::sandboxes {

enum class Language { kPython, kCpp, kBash };
std::string_view to_string(Language language);
Result<Language> parse_language(std::string_view name);

struct Program {
  Language language = Language::kPython;
  std::shared_ptr<const std::string> source;
};

// What RunRequest wants to know of a program.
struct Executable {
  Runner runner = Runner::kProgram;
  std::vector<std::string> argv;
  std::vector<BoxFile> files;
};

struct Build {
  enum class Outcome { kReady, kCompileError, kInfra };
  Outcome outcome = Outcome::kInfra;
  Executable executable;  // kReady
  std::string reason;     // never text of the compiler: it may quote files of the machine
};

// Runs a request, again while it ends as kInfra, three times in all.
RunResult run_with_retries(Sandbox& sandbox, const RunRequest& request);

// Threads share it. Python and bash programs are ready as they are; C++ is compiled in the sandbox by g++ within limits
// of its own, and the binaries are kept, 256 MiB of them.
class Builder {
 public:
  explicit Builder(std::shared_ptr<Sandbox> sandbox) : sandbox_(std::move(sandbox)) {}

  Build build(const Program& program);
  void clear() { binaries_.clear(); }

 private:
  struct Compilation {
    Build::Outcome outcome;
    std::shared_ptr<const std::string> binary;
    std::string reason;
  };
  Compilation compile(const Program& program) const;

  const std::shared_ptr<Sandbox> sandbox_;
  OnceCache<Compilation> binaries_{int64_t{256} << 20};
};

}  // namespace hone::sandboxes
