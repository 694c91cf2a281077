// hone doctor: what this machine can do, what is missing, and how to fix it.
#include <link.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/doctor_cuda.h"
#include "cli/doctor_model.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "kernels/backend.h"
#include "sandboxes/sandbox.h"
#include "trainer/objective.h"

namespace hone::cli {
namespace {

constexpr double kGib = 1024.0 * 1024 * 1024;

// Prints findings; counts those that keep hone from working.
class Findings {
 public:
  void add(const std::string& what, const std::string& found) { std::cout << what << ": " << found << '\n'; }
  void add_problem(const std::string& what, const std::string& found, const std::string& remedy) {
    add(what, found + "  <- " + remedy);
    ++problems_;
  }
  int problems() const { return problems_; }

 private:
  int problems_ = 0;
};

bool can_compute() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

void examine_processor(Findings& findings) {
  findings.add("cores", std::to_string(team_size(0)));
  if (!can_compute()) {
    findings.add_problem("instruction set", "no AVX2 and FMA", "hone computes with these; another machine is needed");
    return;
  }
  const auto name = [](kernels::DType compact) { return std::string(kernels::cpu_backend(compact).name); };
  findings.add("instruction set",
               name(kernels::DType::kF32) + " for f32, " + name(kernels::DType::kBf16) + " for bf16");
}

void examine_memory(Findings& findings) {
  std::ifstream in("/proc/meminfo");
  std::string name, unit;
  for (double kib = 0; in >> name >> kib; std::getline(in, unit)) {
    if (name != "MemAvailable:") continue;
    const double gib = kib * 1024 / kGib;
    const std::string found = str(static_cast<int64_t>(gib * 10) / 10.0, " GiB free");
    if (gib >= 1) return findings.add("memory", found);
    return findings.add_problem("memory", found, "the quickstart needs about 1 GiB; end other programs");
  }
  findings.add("memory", "unknown");
}

void examine_disk(Findings& findings) {
  const Result<int64_t> free = free_space(".");
  if (!free.ok()) return findings.add_problem("disk", free.error().to_string(), "change to a directory that exists");
  const std::string found = str(*free >> 20, " MiB free here");
  if (access(".", W_OK) != 0) return findings.add_problem("disk", found, "no right to write here; set run.dir");
  if (*free < (int64_t{1} << 30)) return findings.add_problem("disk", found, "make room, or set run.dir");
  findings.add("disk", found);
}

// The directory of a loaded library, by the start of its file's name.
std::string directory_of_library(const std::string& name) {
  struct Search {
    std::string name, found;
  } search{"/" + name, ""};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto& wanted = *static_cast<Search*>(data);
        const std::string path = info->dlpi_name;
        const size_t at = path.find(wanted.name);
        if (at == path.npos) return 0;
        wanted.found = path.substr(0, at);
        return 1;
      },
      &search);
  return search.found;
}

// The wheel's version.py says __version__ = '2.11.0'.
std::string torch_version(const std::string& library_directory) {
  const Result<std::string> text = read_file(join_path(library_directory, "../version.py"), 1 << 16);
  if (!text.ok()) return "of unknown version";
  const size_t key = text->find("__version__ = '");
  if (key == text->npos) return "of unknown version";
  const size_t begin = key + 15;
  return text->substr(begin, text->find('\'', begin) - begin);
}

void examine_torch(Findings& findings) {
  if (const Result<void> loaded = trainer::load_torch(); !loaded.ok())
    return findings.add_problem("LibTorch", loaded.error().to_string(), "./hone build builds and installs it");
  const std::string directory = directory_of_library("libtorch_cpu.so");
  if (directory.empty()) return findings.add("LibTorch", "not in this build");
  findings.add("LibTorch", torch_version(directory) + " in " + directory);
}

// Only checkers that run programs need a sandbox, so its absence is no fault of the machine.
void examine_sandbox(Findings& findings) {
  using sandboxes::Tier;
  const sandboxes::SandboxReport report = sandboxes::Sandbox::probe({});
  const bool isolated = report.available && report.tier != Tier::kUnsafe;
  const std::string tier = to_string(report.tier);
  findings.add("sandbox", isolated ? "tier " + tier : "none: programs run only with sandbox.allow_unsafe: true");
  const auto list = [&](const char* title, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) findings.add(std::string("  ") + title, line);
  };
  list("holds", report.holds);
  list("cannot hold", report.lacks);
  list("to raise it", report.advice);
}

int examine() {
  Findings findings;
  examine_processor(findings);
  examine_memory(findings);
  examine_disk(findings);
  examine_torch(findings);
  examine_sandbox(findings);
  for (const auto& [what, found] : look_at_cuda()) findings.add(what, found);
  if (findings.problems() == 0) std::cout << "nothing is missing\n";
  return findings.problems() == 0 ? kDone : kFailed;
}

}  // namespace

void add_doctor(CLI::App& app, Action& chosen) {
  const auto question = std::make_shared<ModelQuestion>();
  CLI::App* command = app.add_subcommand("doctor", "what this machine can do, what is missing, how to fix it");
  command->footer("With --model: its size, the memory to sample and to train it, and whether this machine has that.");
  CLI::Option* model = command->add_option("--model", question->directory, "a model directory to look at instead");
  model->type_name("DIR");
  add_dtype(*command, question->dtype);
  command->add_option("--sequences", question->sequences, "sampled at a time (default 8)")
      ->type_name("N")->check(positive_count())->needs(model);
  command->add_option("--tokens", question->tokens, "of each, prompt and answer (default 1024)")
      ->type_name("N")->check(positive_count())->needs(model);
  command->add_flag("--json", question->json, "one JSON object")->needs(model);
  command->get_option("--dtype")->needs(model);
  command->callback([question, &chosen] {
    chosen = [question] { return question->directory.empty() ? examine() : examine_model(*question); };
  });
}

}  // namespace hone::cli
