// Files in the safetensors format: eight bytes of header length, a JSON header, the tensors' bytes.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "policy/tensor.h"

namespace hone::policy {

// The file's bytes into the sink: tensors in the given order, header padded so that the data starts at a multiple of 8,
// metadata {"format": "pt"}. Equal input gives equal bytes. Error kInvalid for equal names.
Result<void> write_safetensors(std::span<const TensorOut> tensors, const ByteSink& sink);

// A file on disk, mapped. The header is hostile input: it is checked whole before anything is read.
class SafetensorsFile {
 public:
  // Error kCorrupt naming file and tensor for: header longer than the file or 100 MB, JSON that is malformed, nested
  // deep or has equal keys, unknown dtypes, negative or overflowing shapes, data that overlaps, has holes or another
  // length.
  static Result<SafetensorsFile> open(const std::string& path);

  const std::string& path() const { return path_; }
  // In the order of their data; the views point into the mapping and live as long as this object, also after a move.
  // Data is aligned to bytes only.
  const std::vector<TensorView>& tensors() const { return tensors_; }
  // nullptr if there is none.
  const TensorView* find(std::string_view name) const;
  // The whole file, for checksums.
  std::span<const std::byte> file_bytes() const { return file_.bytes(); }

 private:
  SafetensorsFile(std::string path, MappedFile file) : path_(std::move(path)), file_(std::move(file)) {}
  std::string path_;
  MappedFile file_;
  std::vector<TensorView> tensors_;
  std::map<std::string, size_t, std::less<>> index_;
};

}  // namespace hone::policy
