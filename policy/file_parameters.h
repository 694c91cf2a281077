// The parameters of a model as its files hold them: in any floating dtype, fused or one by one, or in FP8 with a scale
// for each block (DeepSeek-V3's files).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/parameter_source.h"
#include "policy/tensor_files.h"

namespace hone::policy {

// In a file beside the model's, the f32 value of a parameter that the model's files hold rounded has this before its
// name.
inline constexpr std::string_view kMasterPrefix = "master.";

// Whether a file holds masters.
bool has_masters(const SafetensorsFile& file);

// The files stay open while this or a kept tensor lives.
class FileParameters final : public ParameterSource {
 public:
  // Compares every name, shape and dtype with the layout; the Error names what is missing, extra or does not fit, with
  // its file. `layout` must outlive this. masters: where values come from instead, for all parameters; or nullptr.
  static Result<FileParameters> open(std::shared_ptr<const TensorFiles> files, const ModelConfig& config,
                                     const ParameterLayout& layout,
                                     std::shared_ptr<const SafetensorsFile> masters = nullptr);

  void read(size_t parameter, int64_t first, int64_t count, float* out) const override;
  void prepare(size_t parameter) const override;
  void done(size_t parameter) const override;

  // Tensors that hone does not run but keeps, as they are to be written back; FP8 as bf16.
  const std::vector<TensorOut>& kept() const { return kept_; }
  // What a user should know: tensors kept, left out, converted.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  // Rows of a tensor, a row having as many elements as the parameter's.
  struct Place {
    const TensorView* tensor = nullptr;
    const TensorView* scale = nullptr;  // FP8: of blocks, [rows / block rows, cols / block cols], rounded up
    int64_t first_row = 0;
  };
  class Matcher;

  FileParameters(std::shared_ptr<const TensorFiles> files, const ModelConfig& config, const ParameterLayout& layout,
                 std::shared_ptr<const SafetensorsFile> masters)
      : files_(std::move(files)), masters_(std::move(masters)), layout_(&layout),
        block_rows_(config.fp8_block_rows), block_cols_(config.fp8_block_cols) {}
  std::span<const std::byte> bytes_of(size_t parameter) const;

  std::shared_ptr<const TensorFiles> files_;
  std::shared_ptr<const SafetensorsFile> masters_;
  const ParameterLayout* layout_;
  int64_t block_rows_, block_cols_;
  std::vector<Place> places_;
  std::vector<TensorOut> kept_;
  std::vector<std::string> notes_;
};

}  // namespace hone::policy
