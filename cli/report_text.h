// Numbers, evaluations and stages in words and tables.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "trainer/evaluation.h"
#include "trainer/pipeline.h"

namespace hone::cli {

std::string fixed(double value, int decimals);
// 1234567 as "1,234,567".
std::string grouped(int64_t value);
// Seconds as "0:42" or "1:02:03".
std::string clock_text(double seconds);

// An evaluation in lines, and in one.
std::string report_text(const trainer::EvalReport& report);
std::string report_line(const trainer::EvalReport& report);

// One row a stage: what its policy does at the end, and what it cost. Then, for each grpo stage that was evaluated, how
// it changed the row before.
std::string stage_table(const std::vector<trainer::StageSummary>& stages);

// One line on where the chains of thought of a generated task come from; empty where the run says nothing on that.
std::string origin_of_chains(const trainer::RunConfig& config);

}  // namespace hone::cli
