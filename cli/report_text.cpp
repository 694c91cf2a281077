#include "cli/report_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "base/check.h"

namespace hone::cli {
namespace {

using trainer::StageSummary;
using Row = std::vector<std::string>;

std::string share(double value) { return fixed(value, 3); }
std::string interval(double low, double high) { return str("(", share(low), "-", share(high), ")"); }

std::string length_text(const std::optional<double>& mean) { return mean ? fixed(*mean, 1) : "-"; }

// Columns as wide as their longest cell; the first two are text, the others numbers.
std::string aligned(const std::vector<Row>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string blank(widths[i] - row[i].size(), ' ');
      line.append(i == 0 ? "" : "  ").append(i < 2 ? row[i] + blank : blank + row[i]);
    }
    out.append(line, 0, line.find_last_not_of(' ') + 1).append("\n");
  }
  return out;
}

std::optional<double> find(const StageSummary& stage, const std::string& key) {
  const auto found = stage.eval.find(key);
  return found == stage.eval.end() ? std::nullopt : std::optional(found->second);
}

std::string cell(const StageSummary& stage, const std::string& key, int decimals) {
  const auto value = find(stage, key);
  return value ? fixed(*value, decimals) : "-";
}

std::string pass_cell(const StageSummary& stage) {
  const auto pass = find(stage, "pass_at_1");
  const auto low = find(stage, "pass_at_1_ci95_low"), high = find(stage, "pass_at_1_ci95_high");
  if (!pass) return "-";
  return low && high ? share(*pass) + " " + interval(*low, *high) : share(*pass);
}

// The k of pass@k, where all rows have the same.
std::string k_text(const std::vector<StageSummary>& stages) {
  std::optional<double> common;
  for (const StageSummary& stage : stages) {
    const auto k = find(stage, "k");
    if (k && common && *k != *common) return "k";
    if (k) common = k;
  }
  return common ? fixed(*common, 0) : "k";
}

Row row_of(const StageSummary& stage) {
  return {stage.stage,
          stage.kind,
          grouped(stage.steps),
          clock_text(stage.seconds),
          grouped(std::llround(stage.tokens)),
          pass_cell(stage),
          cell(stage, "pass_at_k", 3),
          cell(stage, "majority_at_k", 3),
          cell(stage, "length_correct_mean", 1),
          cell(stage, "length_wrong_mean", 1),
          cell(stage, "format_rate", 3)};
}

std::string change(const StageSummary& before, const StageSummary& after) {
  const auto both = [&](const std::string& key, int decimals) {
    return cell(before, key, decimals) + " -> " + cell(after, key, decimals);
  };
  return str(after.stage, ": pass@1 ", both("pass_at_1", 3), ", mean length ", both("length_mean", 1),
             " tokens, format rate ", both("format_rate", 3), "\n");
}

std::string percent(double value) { return fixed(100 * value, 0) + " %"; }

// Empty where the checks took no time worth a line.
std::string overlap_text(const StageSummary& stage) {
  constexpr double kWorthSaying = 0.01;  // of the steps' time
  if (stage.grading < kWorthSaying * stage.stepping || stage.grading <= 0) return "";
  const double beside = 1 - std::min(1.0, stage.grading_after_sampling / stage.grading);
  return str(stage.stage, ": sampling ", fixed(stage.sampling, 1), " s, grading ", fixed(stage.grading, 1), " s (",
             percent(beside), " of it beside sampling), training ", fixed(stage.training, 1), " s, steps ",
             fixed(stage.stepping, 1), " s\n");
}

}  // namespace

std::string fixed(double value, int decimals) {
  char buffer[64];
  const int length = std::snprintf(buffer, sizeof buffer, "%.*f", decimals, value);
  return length < static_cast<int>(sizeof buffer) ? buffer : "very large";
}

std::string grouped(int64_t value) {
  const std::string digits = std::to_string(value);
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    const bool starts_group = i > 0 && (digits.size() - i) % 3 == 0 && digits[i - 1] != '-';
    out.append(starts_group ? "," : "").push_back(digits[i]);
  }
  return out;
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(std::clamp(seconds, 0.0, 1e9)));
  char buffer[64];
  if (whole < 3600) {
    std::snprintf(buffer, sizeof buffer, "%d:%02d", static_cast<int>(whole / 60), static_cast<int>(whole % 60));
  } else {
    std::snprintf(buffer, sizeof buffer, "%d:%02d:%02d", static_cast<int>(whole / 3600),
                  static_cast<int>(whole / 60 % 60), static_cast<int>(whole % 60));
  }
  return buffer;
}

std::string report_text(const trainer::EvalReport& report) {
  const trainer::EvalSetup& setup = report.setup;
  const std::string asked = str(report.problems, " problems, ", report.samples, " answers each");
  const std::string right = length_text(report.length_correct_mean), wrong = length_text(report.length_wrong_mean);
  const std::string length = str(fixed(report.length_mean, 1), " tokens; right ", right, ", wrong ", wrong);
  const std::string pass_at_1 = share(report.pass_at_1) + " " + interval(report.pass_at_1_low, report.pass_at_1_high);
  std::vector<Row> rows = {{"target", setup.target},
                           {"task", setup.task},
                           {"asked", str(asked, ", temperature ", setup.temperature)},
                           {"pass@1", pass_at_1},
                           {str("pass@", setup.k), share(report.pass_at_k)},
                           {str("majority@", setup.k), share(report.majority_at_k)},
                           {"format rate", share(report.format_rate)},
                           {"length", length},
                           {"truncated", share(report.truncated_rate)},
                           {"cost", str(clock_text(setup.seconds), ", ", grouped(report.tokens), " tokens")}};
  for (const auto& [k, shares] : report.by_k)
    if (k != 1 && k != setup.k)
      rows.push_back({str("pass@", k), str(share(shares.pass_at_k), ", majority ", share(shares.majority_at_k))});
  for (const auto& [source, shares] : report.by_source)
    rows.push_back({source.empty() ? "(no source)" : source,
                    str("pass@1 ", share(shares.pass_at_1), ", pass@", setup.k, " ", share(shares.pass_at_k),
                        ", majority ", share(shares.majority_at_k), " of ", shares.problems, " problems")});
  return aligned(rows);
}

std::string report_line(const trainer::EvalReport& report) {
  return str("pass@1 ", share(report.pass_at_1), " ", interval(report.pass_at_1_low, report.pass_at_1_high), ", pass@",
             report.setup.k, " ", share(report.pass_at_k), ", mean length ", fixed(report.length_mean, 1), " (",
             report.problems, " problems of ", report.setup.task, ", ", report.samples, " answers each)");
}

std::string stage_table(const std::vector<StageSummary>& stages) {
  const std::string k = k_text(stages);
  std::vector<Row> rows = {{"stage", "kind", "steps", "time", "tokens", "pass@1 (95 %)", "pass@" + k, "majority@" + k,
                            "length right", "wrong", "format"}};
  for (const StageSummary& stage : stages) rows.push_back(row_of(stage));
  std::string out = aligned(rows);
  for (size_t i = 1; i < stages.size(); ++i) {
    const bool evaluated = !stages[i].eval.empty() && !stages[i - 1].eval.empty();
    if (stages[i].kind == "grpo" && evaluated) out += change(stages[i - 1], stages[i]);
  }
  for (const StageSummary& stage : stages) out += overlap_text(stage);
  return out;
}

std::string origin_of_chains(const trainer::RunConfig& config) {
  const auto is_grpo = [](const trainer::StageConfig& stage) { return stage.kind == trainer::StageKind::kGrpo; };
  if (std::ranges::none_of(config.stages, is_grpo)) return "";
  for (const trainer::StageConfig& stage : config.stages) {
    const trainer::DataConfig& data = stage.data;
    if (stage.kind != trainer::StageKind::kPretrain || data.task.empty()) continue;
    const double most = std::max(data.chain_share, data.chain_share_late);
    if (most == 0) return str("The corpus of ", stage.name, " has no worked chains, so rewards have none to select.\n");
    return str("The corpus of ", stage.name, " already has worked chains in ", percent(data.chain_share),
               " of its answers, at the end ", percent(data.chain_share_late),
               ": RL selects and lengthens them, it does not invent them.\n");
  }
  return "";
}

}  // namespace hone::cli
