#include "policy/file_parameters.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "base/check.h"

namespace hone::policy {
namespace {

constexpr size_t kShownProblems = 20;
constexpr std::string_view kScaleSuffix = "_scale_inv";

int64_t blocks_of(int64_t extent, int64_t block) { return (extent + block - 1) / block; }

int64_t columns(const Parameter& p) { return p.cols == 0 ? 1 : p.cols; }

std::vector<int64_t> shape_of(const Parameter& p) {
  return p.cols == 0 ? std::vector<int64_t>{p.rows} : std::vector<int64_t>{p.rows, p.cols};
}

// Rows [first, first + count) of a tensor of `cols` columns.
void read_rows(const TensorView& tensor, int64_t cols, int64_t first, int64_t count, float* out) {
  const auto* data = static_cast<const std::byte*>(tensor.data);
  to_f32(tensor.dtype, data + first * cols * dtype_size(tensor.dtype), count * cols, out);
}

// Multiplies rows that were read from `first` on by the scales of their blocks.
void apply_scale(const TensorView& scale, int64_t block_rows, int64_t block_cols, int64_t cols, int64_t first,
                 int64_t count, float* values) {
  std::vector<float> scales(static_cast<size_t>(blocks_of(cols, block_cols)));
  const auto blocks = static_cast<int64_t>(scales.size());
  for (int64_t row = 0; row < count; ++row, values += cols) {
    read_rows(scale, blocks, (first + row) / block_rows, 1, scales.data());
    for (int64_t b = 0; b < blocks; ++b)
      for (int64_t c = b * block_cols; c < std::min(cols, (b + 1) * block_cols); ++c)
        values[c] *= scales[static_cast<size_t>(b)];
  }
}

// model.layers.<n>. with n at or after the last layer: layers of multi-token prediction.
bool is_later_layer(std::string_view name, int64_t layers) {
  constexpr std::string_view kPrefix = "model.layers.";
  if (!name.starts_with(kPrefix)) return false;
  int64_t layer = 0;
  size_t i = kPrefix.size();
  for (; i < name.size() && name[i] >= '0' && name[i] <= '9' && layer < 1'000'000; ++i)
    layer = layer * 10 + name[i] - '0';
  return i > kPrefix.size() && i < name.size() && name[i] == '.' && layer >= layers;
}

bool is_scale_name(std::string_view name) { return name.ends_with(kScaleSuffix); }

std::string counted(size_t n, const char* what) { return str(n, " ", what, n == 1 ? "" : "s"); }

}  // namespace

bool has_masters(const SafetensorsFile& file) {
  return std::ranges::any_of(file.tensors(), [](const TensorView& t) { return t.name.starts_with(kMasterPrefix); });
}

// Looks for each parameter, then at what is left over.
class FileParameters::Matcher {
 public:
  Matcher(FileParameters& out, const ModelConfig& config) : out_(out), files_(*out.files_), config_(config) {}

  Result<void> run() {
    for (const Parameter& p : out_.layout_->parameters) out_.places_.push_back(place_of(p));
    for (const SafetensorsFile& file : files_.files())
      for (const TensorView& tensor : file.tensors())
        if (!used_.contains(tensor.name)) take_extra(tensor);
    if (!problems_.empty()) return failure();
    if (scaled_ > 0) out_.notes_.push_back(counted(scaled_, "FP8 tensor") + " with scales, read as block x scale");
    if (dropped_ > 0) out_.notes_.push_back(counted(dropped_, "tensor") + " left out: copies and rotary tables");
    if (!out_.kept_.empty())
      out_.notes_.push_back(counted(out_.kept_.size(), "tensor") + " kept but not run (" + out_.kept_[0].name +
                            ", ...): layers of multi-token prediction");
    return {};
  }

 private:
  Error failure() const {
    std::string text = "its tensors do not fit the model:";
    for (size_t i = 0; i < std::min(problems_.size(), kShownProblems); ++i) text += "\n  " + problems_[i];
    if (problems_.size() > kShownProblems) text += str("\n  and ", problems_.size() - kShownProblems, " more");
    return Error{ErrorCode::kInvalid, text,
                 files_.files().size() == 1 ? files_.files()[0].path() : files_.directory()};
  }

  // The name, and its file where there are several.
  std::string where(const TensorView& tensor) const {
    return files_.files().size() == 1 ? tensor.name : tensor.name + " (" + files_.file_of(tensor.name) + ")";
  }

  void misfit(const TensorView& tensor, const std::string& dtypes, std::span<const int64_t> shape) {
    problems_.push_back(where(tensor) + " is " + std::string(to_string(tensor.dtype)) + " " + shape_text(tensor.shape) +
                        ", must be " + dtypes + " " + shape_text(shape));
  }

  Place place_of(const Parameter& p) {
    if (out_.masters_) return master_of(p);
    if (const TensorView* tensor = files_.find(p.name)) return check(p, {tensor}, shape_of(p));
    const TensorView* tensor = p.fused.name.empty() ? nullptr : files_.find(p.fused.name);
    if (tensor)
      return check(p, {tensor, nullptr, p.fused.first / p.cols}, {p.fused.experts, p.fused.rows, p.fused.cols});
    problems_.push_back("missing: " + p.name);
    return {};
  }

  // The model's own tensors are left aside.
  Place master_of(const Parameter& p) {
    used_.insert({p.name, p.fused.name});
    const std::string name = std::string(kMasterPrefix) + p.name;
    const TensorView* master = out_.masters_->find(name);
    if (master && master->dtype == DType::kF32 && master->shape == shape_of(p)) return {master};
    problems_.push_back(name + " (" + out_.masters_->path() + ") is missing or of another shape");
    return {};
  }

  Place check(const Parameter& p, Place place, const std::vector<int64_t>& shape) {
    const TensorView& tensor = *place.tensor;
    const bool first_time = used_.insert(tensor.name).second;
    const bool fp8 = tensor.dtype == DType::kF8E4M3 && p.cols > 0 && shape.size() == 2;
    const bool plain = tensor.dtype == DType::kF32 || tensor.dtype == DType::kBF16 || tensor.dtype == DType::kF16;
    if (tensor.shape != shape || !(plain || fp8)) {
      if (first_time) misfit(tensor, "F32, BF16, F16 or F8_E4M3 with a scale,", shape);
    } else if (fp8) {
      place.scale = scale_of(tensor);
      ++scaled_;
    }
    return place;
  }

  // nullptr, with a problem noted, if there is none that fits.
  const TensorView* scale_of(const TensorView& tensor) {
    const std::string name = tensor.name + std::string(kScaleSuffix);
    const TensorView* scale = files_.find(name);
    if (!scale) return problems_.push_back("missing: " + name), nullptr;
    used_.insert(name);
    if (config_.fp8_block_rows == 0)
      return problems_.push_back(where(tensor) + " is F8_E4M3, but config.json has no quantization_config"), nullptr;
    const std::vector<int64_t> shape = {blocks_of(tensor.shape[0], config_.fp8_block_rows),
                                        blocks_of(tensor.shape[1], config_.fp8_block_cols)};
    const bool is_scale = scale->dtype == DType::kF32 || scale->dtype == DType::kF8E8M0 || scale->dtype == DType::kBF16;
    if (scale->shape != shape || !is_scale) misfit(*scale, "F32", shape);
    return scale;
  }

  void take_extra(const TensorView& tensor) {
    if (is_copy_of_embedding(tensor) || tensor.name.ends_with("rotary_emb.inv_freq")) {
      ++dropped_;
    } else if (!is_later_layer(tensor.name, config_.layers)) {
      problems_.push_back("extra: " + where(tensor));
    } else if (tensor.dtype == DType::kF8E4M3 && tensor.shape.size() == 2) {
      if (const TensorView* scale = scale_of(tensor)) out_.kept_.push_back(from_fp8(tensor, *scale));
    } else if (!is_scale_name(tensor.name)) {
      out_.kept_.push_back(held(tensor));
    } else if (!files_.find(tensor.name.substr(0, tensor.name.size() - kScaleSuffix.size()))) {
      problems_.push_back("extra: " + where(tensor));
    }
  }

  // Some files hold a tied head too.
  bool is_copy_of_embedding(const TensorView& tensor) const {
    const TensorView* embedding = files_.find("model.embed_tokens.weight");
    return config_.tie_embeddings && tensor.name == "lm_head.weight" && embedding &&
           tensor.dtype == embedding->dtype && std::ranges::equal(tensor.bytes(), embedding->bytes());
  }

  TensorOut held(const TensorView& tensor) const {
    TensorOut kept = as_it_is(tensor);
    kept.write = [files = out_.files_, write = kept.write](const ByteSink& sink) { return write(sink); };
    return kept;
  }

  TensorOut from_fp8(const TensorView& tensor, const TensorView& scale) const {
    const auto write = [files = out_.files_, &tensor, &scale, block_rows = config_.fp8_block_rows,
                        block_cols = config_.fp8_block_cols](const ByteSink& sink) -> Result<void> {
      const int64_t cols = tensor.shape[1];
      std::vector<float> values(static_cast<size_t>(cols));
      std::vector<uint16_t> rounded(values.size());
      for (int64_t row = 0; row < tensor.shape[0] && cols > 0; ++row) {
        read_rows(tensor, cols, row, 1, values.data());
        apply_scale(scale, block_rows, block_cols, cols, row, 1, values.data());
        to_bf16(values.data(), cols, rounded.data());
        HONE_TRY(sink(std::as_bytes(std::span(rounded))));
      }
      return {};
    };
    return {tensor.name, DType::kBF16, tensor.shape, write};
  }

  FileParameters& out_;
  const TensorFiles& files_;
  const ModelConfig& config_;
  std::set<std::string> used_;
  std::vector<std::string> problems_;
  size_t scaled_ = 0, dropped_ = 0;
};

Result<FileParameters> FileParameters::open(std::shared_ptr<const TensorFiles> files, const ModelConfig& config,
                                            const ParameterLayout& layout,
                                            std::shared_ptr<const SafetensorsFile> masters) {
  FileParameters out(std::move(files), config, layout, std::move(masters));
  HONE_TRY(Matcher(out, config).run());
  return out;
}

std::span<const std::byte> FileParameters::bytes_of(size_t parameter) const {
  const Place& place = places_[parameter];
  const auto row = static_cast<size_t>(columns(layout_->parameters[parameter]) * dtype_size(place.tensor->dtype));
  return place.tensor->bytes().subspan(static_cast<size_t>(place.first_row) * row,
                                       static_cast<size_t>(layout_->parameters[parameter].rows) * row);
}

void FileParameters::read(size_t parameter, int64_t first, int64_t count, float* out) const {
  const Place& place = places_[parameter];
  const int64_t cols = columns(layout_->parameters[parameter]);
  read_rows(*place.tensor, cols, place.first_row + first, count, out);
  if (place.scale) apply_scale(*place.scale, block_rows_, block_cols_, cols, first, count, out);
}

void FileParameters::prepare(size_t parameter) const { advise_needed(bytes_of(parameter)); }
void FileParameters::done(size_t parameter) const { advise_done(bytes_of(parameter)); }

}  // namespace hone::policy
