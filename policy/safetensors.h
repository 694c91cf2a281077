// safetensors (https://github.com/huggingface/safetensors): u64 header length, JSON header, tensors back to back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace hone::policy {

enum class DType { kF32, kF64, kBF16, kI64 };

int64_t dtype_size(DType dtype);
// "F32", "F64", "BF16", "I64".
std::string_view to_string(DType dtype);

// A tensor somewhere in memory, row-major and contiguous. Does not own the data.
struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  const void* data = nullptr;

  std::span<const std::byte> bytes() const;
};

// Receives the bytes of a file in order.
using ByteSink = std::function<Result<void>(std::span<const std::byte>)>;

// The file's bytes into the sink: tensors in the given order, header padded so that the data starts at a multiple of 8,
// metadata {"format": "pt"}. Equal input gives equal bytes. Error kInvalid for equal names.
Result<void> write_safetensors(std::span<const TensorView> tensors, const ByteSink& sink);

// A file on disk, mapped. The header is hostile input: it is checked whole before anything is read.
class SafetensorsFile {
 public:
  // Error kCorrupt naming file and tensor for: header longer than the file or 100 MB, JSON that is malformed, nested
  // deep or has equal keys, unknown dtypes, negative or overflowing shapes, data that overlaps, has holes or another
  // length.
  static Result<SafetensorsFile> open(const std::string& path);

  // In the order of their data; the views point into the mapping and live as long as this object, also after a move.
  // Data is aligned to bytes only.
  const std::vector<TensorView>& tensors() const { return tensors_; }
  // nullptr if there is none.
  const TensorView* find(std::string_view name) const;
  // The whole file, for checksums.
  std::span<const std::byte> file_bytes() const { return file_.bytes(); }

 private:
  explicit SafetensorsFile(MappedFile file) : file_(std::move(file)) {}
  MappedFile file_;
  std::vector<TensorView> tensors_;
  std::map<std::string, size_t, std::less<>> index_;
};

}  // namespace hone::policy
