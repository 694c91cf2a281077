#include "trainer/problem_source.h"

#include <vector>

#include "trainer/epoch_order.h"
#include "trainer/problem_rows.h"

namespace hone::trainer {
namespace {

class TaskSource final : public ProblemSource {
 public:
  TaskSource(const rewards::Task& task, TaskSourceOptions options) : task_(task), options_(std::move(options)) {}

  Result<rl::Problem> at(uint64_t index) override {
    const auto& corpus = index < options_.late_from ? options_.corpus : options_.late;
    rl::Problem problem = draw_problem(task_, options_.key, index, options_.split, corpus, options_.difficulty);
    HONE_TRY(options_.prompt_template.render(std::string(problem.prompt), false, problem));
    return problem;
  }
  std::optional<uint64_t> rows() const override { return std::nullopt; }

 private:
  const rewards::Task& task_;
  const TaskSourceOptions options_;
};

class FileSource final : public ProblemSource {
 public:
  FileSource(RowStore rows, RowRenderer renderer, bool shuffle, uint64_t key)
      : rows_(std::move(rows)), renderer_(std::move(renderer)), shuffle_(shuffle), key_(key) {}

  Result<rl::Problem> at(uint64_t index) override {
    const uint64_t epoch = index / rows_.size(), place = index % rows_.size();
    return renderer_.render(rows_.at(shuffle_ ? order_of(epoch)[place] : place));
  }
  std::optional<uint64_t> rows() const override { return rows_.size(); }

 private:
  const std::vector<uint32_t>& order_of(uint64_t epoch) {
    if (order_.empty() || epoch != epoch_) order_ = epoch_order(key_, epoch, static_cast<uint32_t>(rows_.size()));
    epoch_ = epoch;
    return order_;
  }

  const RowStore rows_;  // not empty
  const RowRenderer renderer_;
  const bool shuffle_;
  const uint64_t key_;
  std::vector<uint32_t> order_;  // of epoch_: problems are asked for in order, mostly
  uint64_t epoch_ = 0;
};

Error field_error(const char* field, const std::string& message) { return {.message = message, .field = field}; }

// False for NaN.
bool is_share(double share) { return share >= 0 && share <= 1; }

Result<void> check_shares(const rewards::CorpusOptions& corpus) {
  if (!is_share(corpus.chain_share))
    return field_error("chain_share", str("must be in [0, 1], not ", corpus.chain_share));
  if (!is_share(corpus.malformed_share))
    return field_error("malformed_share", str("must be in [0, 1], not ", corpus.malformed_share));
  return {};
}

}  // namespace

Result<std::unique_ptr<ProblemSource>> make_task_source(const TaskSourceOptions& options) {
  auto task = rewards::find_task(options.task);
  if (!task) return field_error("task", task.error().message);
  if (options.difficulty < 1 || options.difficulty > (*task)->levels())
    return field_error("difficulty", str("must be 1 to ", (*task)->levels(), ", not ", options.difficulty));
  HONE_TRY(check_shares(options.corpus));
  HONE_TRY(check_shares(options.late));
  return std::unique_ptr<ProblemSource>(std::make_unique<TaskSource>(**task, options));
}

Result<std::unique_ptr<ProblemSource>> make_file_source(const FileSourceOptions& options, FileSourceReport* report) {
  HONE_TRY_ASSIGN(LoadedRows loaded, load_rows(options));
  if (loaded.rows.size() > UINT32_MAX) return Error{.message = "has more than 2^32 - 1 rows", .file = options.path};
  if (report != nullptr) *report = loaded.report;
  return std::unique_ptr<ProblemSource>(std::make_unique<FileSource>(
      std::move(loaded.rows), RowRenderer(options, loaded.report.format), options.shuffle, options.key));
}

}  // namespace hone::trainer
