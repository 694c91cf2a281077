// hone verify: checksums and one hash per checkpoint.
#include "trainer/verify.h"

#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/options.h"

namespace hone::cli {
namespace {

struct Options {
  std::string target;
  bool json = false;
};

void print(const trainer::VerifyReport& report) {
  for (const trainer::CheckpointStatus& status : report.checkpoints) {
    std::cout << (status.ok ? "ok       " : "damaged  ") << status.sha256 << "  " << status.path << '\n';
    if (!status.ok) std::cout << "         " << status.problem << '\n';
  }
  std::cout << (report.journal.ok ? "ok       " : "damaged  ") << "journal, " << report.journal.records << " records\n";
  if (!report.journal.ok) std::cout << "         " << report.journal.problem << '\n';
}

int verify(const Options& options) {
  const Result<trainer::VerifyReport> report = trainer::verify_target(options.target);
  if (!report.ok()) return fail(report.error());
  if (options.json) {
    std::cout << report->to_json().dump() << '\n';
  } else {
    print(*report);
  }
  return report->ok() ? kDone : kFailed;
}

}  // namespace

void add_verify(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("verify", "checksums of a run or checkpoint; one hash per checkpoint");
  command->add_option("TARGET", options->target, "a run directory or a checkpoint")->type_name("")->required();
  command->add_flag("--json", options->json, "one JSON object");
  command->callback([options, &chosen] { chosen = [options] { return verify(*options); }; });
}

}  // namespace hone::cli
