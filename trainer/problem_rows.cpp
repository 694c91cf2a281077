#include "trainer/problem_rows.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "trainer/data_files.h"
#include "trainer/data_rows.h"

namespace hone::trainer {
namespace {

using nlohmann::json;

constexpr std::string_view kCompletion = "{completion}", kGold = "{gold}";
constexpr size_t kBatch = 4096;

// The first problems found; the rest is counted.
class Problems {
 public:
  void add(Error error) {
    constexpr size_t kShown = 20;
    if (shown_.size() < kShown) shown_.push_back(std::move(error));
    else ++more_;
  }
  bool empty() const { return shown_.empty(); }
  // One Error whose to_string() has a line for each.
  Error join() const {
    Error all = shown_[0];
    for (size_t i = 1; i < shown_.size(); ++i) all.message += "\n" + shown_[i].to_string();
    if (more_ > 0) all.message += str("\nand ", more_, " more");
    return all;
  }

 private:
  std::vector<Error> shown_;
  size_t more_ = 0;
};

std::string gold_text(const std::string& gold) {
  const json value = json::parse(gold, nullptr, false);
  return value.is_string() ? value.get<std::string>() : gold;
}

// Inserted texts are not searched again.
Result<std::string> fill(std::string_view text, const DataRow& row) {
  std::string out;
  while (!text.empty()) {
    const size_t completion = text.find(kCompletion), gold = text.find(kGold), place = std::min(completion, gold);
    out += text.substr(0, place);
    if (place == text.npos) break;
    if (place == gold && row.gold.empty())
      return Error{.message = "needs the row's gold, which it lacks", .field = "completion_template"};
    out += place == completion ? row.completion : gold_text(row.gold);
    text.remove_prefix(place + (place == completion ? kCompletion : kGold).size());
  }
  return out;
}

// Some chat templates begin the assistant's reasoning themselves.
Result<void> check_completion(const rl::Problem& problem) {
  constexpr std::string_view kOpen = "<think>", kSpace = " \t\r\n";
  const std::string_view prompt(problem.prompt), completion(problem.completion);
  const std::string_view end = prompt.substr(0, prompt.find_last_not_of(kSpace) + 1);
  const std::string_view begin = completion.substr(std::min(completion.find_first_not_of(kSpace), completion.size()));
  if (!problem.is_chat || !end.ends_with(kOpen) || !begin.starts_with(kOpen)) return {};
  return Error{.message = "begins with <think>, which the chat template has written already", .field = "completion"};
}

class RowLoader {
 public:
  explicit RowLoader(const FileSourceOptions& options) : options_(options) {}

  Result<LoadedRows> load(const std::vector<std::string>& files) {
    for (const std::string& file : files) {
      if (is_full() || unknown_) break;
      ++out_.report.files;
      HONE_TRY(read_data_rows(file, [&](const RowPlace& place, Result<json> row) {
        add(place, std::move(row));
        return !is_full() && !unknown_;
      }));
    }
    settle_batch();
    if (!problems_.empty()) return problems_.join();
    if (out_.rows.size() == 0) return no_rows();
    out_.report.rows = static_cast<int64_t>(out_.rows.size());
    out_.report.bytes = out_.rows.bytes();
    return std::move(out_);
  }

 private:
  struct Candidate {
    RowPlace place;
    DataRow row;
    Result<bool> kept = true;
  };

  bool is_full() const { return out_.rows.size() + batch_.size() >= options_.max_rows; }

  Error no_rows() const {
    if (out_.report.left_out == 0) return {.message = "has no rows", .file = options_.path};
    return {.message = str("all ", out_.report.left_out, " rows are left out"), .file = options_.path};
  }

  void add(const RowPlace& place, Result<json> object) {
    auto row = object ? read(*object) : Result<DataRow>(object.error());
    if (!row) {
      settle_batch();  // problems are told in the order of the rows
      problems_.add(place.of(row.error()));
      return;
    }
    batch_.push_back({place, std::move(*row)});
    if (batch_.size() >= kBatch) settle_batch();
  }

  Result<DataRow> read(const json& object) {
    DataFormat& format = out_.report.format;
    if (format == DataFormat::kAuto) format = options_.format;
    if (format == DataFormat::kAuto) {
      const auto detected = detect_format(object, options_.columns);
      unknown_ = !detected.ok();
      if (unknown_) return detected.error();
      format = *detected;
    }
    return read_row(object, format, options_.columns, options_.needs);
  }

  void settle_batch() {
    if (batch_.empty()) return;
    judge_batch();
    for (Candidate& candidate : batch_) {
      if (!candidate.kept) problems_.add(candidate.place.of(candidate.kept.error()));
      else if (!*candidate.kept) ++out_.report.left_out;
      else if (problems_.empty()) out_.rows.add(candidate.row);
    }
    batch_.clear();
  }

  void judge_batch() {
    const RowRenderer renderer(options_, out_.report.format);
    std::atomic<size_t> next = 0;
    const auto work = [&] {
      for (size_t i = next++; i < batch_.size(); i = next++) batch_[i].kept = judge(renderer, batch_[i].row);
    };
    const size_t helpers = std::min<size_t>(static_cast<size_t>(options_.threads), batch_.size()) - 1;
    std::vector<std::thread> threads;
    for (size_t i = 0; i < helpers; ++i) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
  }

  Result<bool> judge(const RowRenderer& renderer, const DataRow& row) const {
    HONE_TRY_ASSIGN(const rl::Problem problem, renderer.render(row));
    return options_.admit ? options_.admit(problem) : Result<bool>(true);
  }

  const FileSourceOptions& options_;
  LoadedRows out_;
  Problems problems_;
  std::vector<Candidate> batch_;
  bool unknown_ = false;  // no format fits: further rows would say nothing else
};

}  // namespace

RowRenderer::RowRenderer(const FileSourceOptions& options, DataFormat format)
    : prompt_template_(options.prompt_template),
      completion_template_(options.completion_template.empty() ? default_completion_template(format)
                                                               : options.completion_template),
      imitated_(options.needs.completion) {}

Result<rl::Problem> RowRenderer::render(DataRow row) const {
  rl::Problem problem;
  HONE_TRY(prompt_template_.render(row.prompt, row.is_conversation, problem));
  if (!row.completion.empty()) {
    HONE_TRY_ASSIGN(problem.completion, fill(completion_template_, row));
  }
  if (imitated_) HONE_TRY(check_completion(problem));
  problem.gold = std::move(row.gold);
  problem.data_source = std::move(row.data_source);
  problem.extra_info = std::move(row.extra_info);
  return problem;
}

Result<LoadedRows> load_rows(const FileSourceOptions& options) {
  HONE_CHECK(options.threads >= 1, options.threads);
  HONE_TRY_ASSIGN(const std::vector<std::string> files, find_data_files(options.path));
  if (!options.sha256.empty()) {
    HONE_TRY_ASSIGN(const std::string found, data_sha256(files));
    if (found != options.sha256)
      return Error{.message = str("has changed: its SHA-256 is ", found, ", not ", options.sha256),
                   .file = options.path};
  }
  return RowLoader(options).load(files);
}

}  // namespace hone::trainer
