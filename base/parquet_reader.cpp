#include "base/parquet_reader.h"

#include <fcntl.h>

#include <string_view>

#include "base/ffi/text.h"
#include "base/file.h"

namespace hone {
namespace {

constexpr size_t kRowsAtOnce = 256;

struct Free {
  void operator()(HoneParquet* parquet) const { hone_parquet_free(parquet); }
};

Error parquet_error(HoneBytes error, const std::string& path) {
  auto [column, message] = ffi::take_error(error);
  return {.code = ErrorCode::kCorrupt, .message = std::move(message), .file = path, .field = column};
}

}  // namespace

class ParquetReader::State {
 public:
  std::string path;
  std::unique_ptr<HoneParquet, Free> parquet;
  std::vector<std::string> columns;
  std::string lines;  // rows that were read ahead
  size_t at = 0;      // where in them the next row begins
};

ParquetReader::ParquetReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ParquetReader::ParquetReader(ParquetReader&&) noexcept = default;
ParquetReader& ParquetReader::operator=(ParquetReader&&) noexcept = default;
ParquetReader::~ParquetReader() = default;

Result<ParquetReader> ParquetReader::open(const std::string& path) {
  HONE_TRY_ASSIGN(FileDescriptor fd, open_file(path, O_RDONLY));
  auto state = std::make_unique<State>();
  HoneBytes error;
  state->path = path;
  state->parquet.reset(hone_parquet_open(fd.release(), &error));
  if (!state->parquet) return parquet_error(error, path);
  const std::string columns = ffi::take(hone_parquet_columns(state->parquet.get()));
  for (const auto& name : nlohmann::json::parse(columns)) state->columns.push_back(name);
  return ParquetReader(std::move(state));
}

int64_t ParquetReader::rows() const { return hone_parquet_rows(state_->parquet.get()); }

const std::vector<std::string>& ParquetReader::columns() const { return state_->columns; }

Result<std::optional<nlohmann::json>> ParquetReader::next() {
  if (state_->at == state_->lines.size()) {
    HoneBytes lines, error;
    if (!hone_parquet_next(state_->parquet.get(), kRowsAtOnce, &lines, &error))
      return parquet_error(error, state_->path);
    state_->lines = ffi::take(lines);
    state_->at = 0;
    if (state_->lines.empty()) return std::optional<nlohmann::json>();
  }
  const size_t end = state_->lines.find('\n', state_->at);
  const auto line = std::string_view(state_->lines).substr(state_->at, end - state_->at);
  state_->at = end + 1;
  return std::optional<nlohmann::json>(nlohmann::json::parse(line));
}

}  // namespace hone
