// Tensors as files hold them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hone::policy {

enum class DType {
  kBool, kU8, kI8, kF8E5M2, kF8E4M3, kF8E8M0,  // one byte
  kU16, kI16, kF16, kBF16,
  kU32, kI32, kF32,
  kU64, kI64, kF64,
};

int64_t dtype_size(DType dtype);
// As safetensors spell it: "F32", "BF16", "F8_E4M3", ...
std::string_view to_string(DType dtype);
std::optional<DType> dtype_of(std::string_view name);

// dtype_size * product of the shape; -1 where an extent is negative or the product overflows.
int64_t byte_count(DType dtype, std::span<const int64_t> shape);
// "[2, 3]".
std::string shape_text(std::span<const int64_t> shape);

// A tensor somewhere in memory, row-major and contiguous. Does not own the data.
struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  const void* data = nullptr;

  int64_t count() const;  // elements
  std::span<const std::byte> bytes() const;
};

// Receives bytes in order.
using ByteSink = std::function<Result<void>(std::span<const std::byte>)>;

// A tensor to be written: `write` gives exactly size() bytes, again at each call.
struct TensorOut {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  std::function<Result<void>(const ByteSink&)> write;

  int64_t size() const { return byte_count(dtype, shape); }
};

// The view's data must stay until it is written.
TensorOut as_it_is(const TensorView& view);

// Whether to_f32 reads it.
bool is_float(DType dtype);
// count elements of a floating dtype at `from`, aligned to bytes only, as f32: exact but for F64.
void to_f32(DType dtype, const void* from, int64_t count, float* to);

// The nearest bf16, ties to even; a NaN stays one.
uint16_t to_bf16(float x);
void to_bf16(const float* from, int64_t count, uint16_t* to);
// x = the nearest bf16.
void round_to_bf16(float* x, int64_t count);

}  // namespace hone::policy
