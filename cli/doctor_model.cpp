#include "cli/doctor_model.h"

#include <algorithm>
#include <iostream>

#include "base/json.h"
#include "cli/compute.h"
#include "cli/exit.h"
#include "cli/report_text.h"
#include "rollout/config.h"
#include "trainer/memory_plan.h"
#include "trainer/run_config.h"

namespace hone::cli {
namespace {

using nlohmann::ordered_json;

struct Findings {
  policy::ModelConfig config;
  std::string dtype;
  trainer::ParameterCount parameters;
  trainer::SamplingMemory sampling;
  trainer::TrainingMemory training;
  int64_t token_budget = trainer::StageConfig().token_budget;
  int64_t available = -1;
  std::vector<std::string> notes;

  bool fits(int64_t bytes) const { return available < 0 || bytes <= available; }
};

Result<Findings> look(const ModelQuestion& question) {
  const auto form = policy::MlaForm::kExpanded;
  HONE_TRY_ASSIGN(const trainer::Model model,
                  trainer::load_model(question.directory, {.form = form, .dtype = dtype_named(question.dtype),
                                                           .values = false}, {}));
  Findings out;
  out.config = model.weights->config();
  out.notes = model.notes;
  const kernels::Backend& backend = model.weights->backend();
  out.dtype = backend.compact == kernels::DType::kBf16 ? "bf16" : "f32";
  out.parameters = trainer::count_parameters(out.config);
  if (question.tokens > out.config.max_positions)
    return Error{.message = str(question.tokens, " tokens; a sequence of this model has at most ",
                                out.config.max_positions),
                 .field = "--tokens"};
  const int64_t prefill =
      std::min<int64_t>(rollout::EngineConfig().prefill_chunk, question.sequences * question.tokens);
  out.sampling = trainer::sampling_memory(out.config, backend, question.sequences, question.tokens, prefill);
  out.training = trainer::training_memory(out.config, backend, out.token_budget);
  out.available = backend.memory().available;
  return out;
}

ordered_json to_json(const Findings& f, const ModelQuestion& question) {
  const trainer::SamplingMemory& s = f.sampling;
  const trainer::TrainingMemory& t = f.training;
  ordered_json out = {{"model", question.directory},
                      {"architecture", f.config.architecture},
                      {"dtype", f.dtype},
                      {"parameters", f.parameters.total},
                      {"active_parameters", f.parameters.active},
                      {"layers", f.config.layers},
                      {"vocab_size", f.config.vocab_size},
                      {"max_positions", f.config.max_positions}};
  out["sample"] = {{"sequences", question.sequences}, {"tokens", question.tokens}, {"weights", s.weights},
                   {"cache", s.cache}, {"workspace", s.workspace}, {"total", s.total()}};
  out["train"] = {{"token_budget", f.token_budget}, {"masters", t.masters}, {"gradients", t.gradients},
                  {"moments", t.moments}, {"panels", t.panels}, {"activations", t.activations}, {"total", t.total()}};
  if (f.available >= 0)
    out["machine"] = {{"available", f.available}, {"can_sample", f.fits(s.total())}, {"can_train", f.fits(t.total())}};
  out["notes"] = f.notes;
  return out;
}

std::string size_text(int64_t bytes) {
  const double mib = static_cast<double>(bytes) / (1 << 20);
  return mib < 1024 ? fixed(mib, mib < 10 ? 1 : 0) + " MiB" : fixed(mib / 1024, 1) + " GiB";
}

void print(const Findings& f, const ModelQuestion& question) {
  const trainer::SamplingMemory& s = f.sampling;
  const trainer::TrainingMemory& t = f.training;
  std::cout << "model: " << f.config.architecture << ", " << f.config.layers << " layers, "
            << grouped(f.config.vocab_size) << " tokens, up to " << grouped(f.config.max_positions) << " positions\n"
            << "parameters: " << grouped(f.parameters.total);
  if (f.parameters.active != f.parameters.total) std::cout << ", " << grouped(f.parameters.active) << " for one token";
  std::cout << "; " << size_text(s.weights) << " in " << f.dtype << '\n';
  for (const std::string& note : f.notes) std::cout << "note: " << note << '\n';
  std::cout << "to sample " << grouped(question.sequences) << " sequences of " << grouped(question.tokens)
            << " tokens: " << size_text(s.total()) << " (weights " << size_text(s.weights) << ", cache "
            << size_text(s.cache) << ", workspace " << size_text(s.workspace) << ")\n"
            << "to train, " << grouped(f.token_budget) << " tokens at a time: " << size_text(t.total()) << " (masters "
            << size_text(t.masters) << ", gradients " << size_text(t.gradients) << ", moments " << size_text(t.moments)
            << ", packed weights " << size_text(t.panels) << ", activations " << size_text(t.activations)
            << "); grpo: cache and workspace of its sampling besides\n";
  if (f.available < 0) return;
  const auto verdict = [&](int64_t bytes) { return f.fits(bytes) ? "fits" : "does not fit"; };
  std::cout << "this machine has " << size_text(f.available) << " free: sampling " << verdict(s.total())
            << ", training " << verdict(t.total()) << '\n';
}

}  // namespace

int examine_model(const ModelQuestion& question) {
  const Result<Findings> findings = look(question);
  if (!findings.ok()) return fail(findings.error());
  if (question.json) {
    std::cout << to_json(*findings, question).dump() << '\n';
  } else {
    print(*findings, question);
  }
  return kDone;
}

}  // namespace hone::cli
