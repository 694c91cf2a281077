#include "policy/tensor.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/check.h"

namespace hone::policy {
namespace {

struct DTypeInfo {
  DType dtype;
  std::string_view name;
  int64_t size;
};
constexpr std::array<DTypeInfo, 16> kDTypes = {{{DType::kBool, "BOOL", 1},
                                                {DType::kU8, "U8", 1},
                                                {DType::kI8, "I8", 1},
                                                {DType::kF8E5M2, "F8_E5M2", 1},
                                                {DType::kF8E4M3, "F8_E4M3", 1},
                                                {DType::kF8E8M0, "F8_E8M0", 1},
                                                {DType::kU16, "U16", 2},
                                                {DType::kI16, "I16", 2},
                                                {DType::kF16, "F16", 2},
                                                {DType::kBF16, "BF16", 2},
                                                {DType::kU32, "U32", 4},
                                                {DType::kI32, "I32", 4},
                                                {DType::kF32, "F32", 4},
                                                {DType::kU64, "U64", 8},
                                                {DType::kI64, "I64", 8},
                                                {DType::kF64, "F64", 8}}};

const DTypeInfo& info_of(DType dtype) { return kDTypes[static_cast<size_t>(dtype)]; }

float float_of_bits(uint32_t bits) { return std::bit_cast<float>(bits); }

// Shifting a half's bits into place leaves an exponent that is 112 too small; a multiplication mends it for denormal
// numbers too. Infinities and NaNs have the largest exponent of both.
float f16_value(uint16_t half) {
  const uint32_t sign = uint32_t{half & 0x8000u} << 16, rest = uint32_t{half & 0x7fffu} << 13;
  const uint32_t bits = std::bit_cast<uint32_t>(float_of_bits(rest) * 0x1p112f);
  return float_of_bits(sign | (rest >= 0x0f800000u ? rest | 0x7f800000u : bits));
}

// Micikevicius et al., "FP8 formats for deep learning", 2022: E4M3 has no infinities, its NaN is S.1111.111.
float e4m3_value(uint8_t code) {
  const int exponent = code >> 3 & 15, mantissa = code & 7;
  if ((code & 0x7f) == 0x7f) return float_of_bits(0x7fc00000u);
  const float size = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -9)
                                   : std::ldexp(static_cast<float>(8 + mantissa), exponent - 10);
  return code & 0x80 ? -size : size;
}

template <class F>
std::array<float, 256> table_of(const F& value) {
  std::array<float, 256> table;
  for (int code = 0; code < 256; ++code) table[static_cast<size_t>(code)] = value(static_cast<uint8_t>(code));
  return table;
}

const std::array<float, 256>& byte_table(DType dtype) {
  static const auto e4m3 = table_of(e4m3_value);
  static const auto e5m2 = table_of([](uint8_t code) { return f16_value(static_cast<uint16_t>(code << 8)); });
  static const auto e8m0 = table_of([](uint8_t code) {
    return code == 255 ? float_of_bits(0x7fc00000u) : std::ldexp(1.0f, code - 127);
  });
  return dtype == DType::kF8E4M3 ? e4m3 : dtype == DType::kF8E5M2 ? e5m2 : e8m0;
}

template <class T, class F>
void convert(const void* from, int64_t count, float* to, const F& value) {
  const auto* bytes = static_cast<const std::byte*>(from);
  for (int64_t i = 0; i < count; ++i) {
    T x;
    std::memcpy(&x, bytes + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    to[i] = value(x);
  }
}

}  // namespace

int64_t dtype_size(DType dtype) { return info_of(dtype).size; }
std::string_view to_string(DType dtype) { return info_of(dtype).name; }

std::optional<DType> dtype_of(std::string_view name) {
  for (const DTypeInfo& info : kDTypes)
    if (name == info.name) return info.dtype;
  return std::nullopt;
}

int64_t byte_count(DType dtype, std::span<const int64_t> shape) {
  int64_t bytes = dtype_size(dtype);
  for (int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(bytes, extent, &bytes)) return -1;
  return bytes;
}

std::string shape_text(std::span<const int64_t> shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

int64_t TensorView::count() const { return byte_count(dtype, shape) / dtype_size(dtype); }

std::span<const std::byte> TensorView::bytes() const {
  const int64_t count = byte_count(dtype, shape);
  HONE_CHECK_LE(0, count);
  return {static_cast<const std::byte*>(data), static_cast<size_t>(count)};
}

TensorOut as_it_is(const TensorView& view) {
  return {view.name, view.dtype, view.shape,
          [bytes = view.bytes()](const ByteSink& sink) { return bytes.empty() ? Result<void>() : sink(bytes); }};
}

bool is_float(DType dtype) {
  switch (dtype) {
    case DType::kF8E5M2:
    case DType::kF8E4M3:
    case DType::kF8E8M0:
    case DType::kF16:
    case DType::kBF16:
    case DType::kF32:
    case DType::kF64: return true;
    default: return false;
  }
}

void to_f32(DType dtype, const void* from, int64_t count, float* to) {
  switch (dtype) {
    case DType::kF32: std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float)); return;
    case DType::kBF16:
      return convert<uint16_t>(from, count, to, [](uint16_t x) { return float_of_bits(uint32_t{x} << 16); });
    case DType::kF16: return convert<uint16_t>(from, count, to, f16_value);
    case DType::kF64: return convert<double>(from, count, to, [](double x) { return static_cast<float>(x); });
    case DType::kF8E5M2:
    case DType::kF8E4M3:
    case DType::kF8E8M0: {
      const auto& table = byte_table(dtype);
      return convert<uint8_t>(from, count, to, [&table](uint8_t x) { return table[x]; });
    }
    default: HONE_CHECK(false, to_string(dtype), " is no floating type");
  }
}

uint16_t to_bf16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
  return static_cast<uint16_t>(nan ? bits >> 16 | 0x40u : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

void to_bf16(const float* from, int64_t count, uint16_t* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = to_bf16(from[i]);
}

void round_to_bf16(float* x, int64_t count) {
  for (int64_t i = 0; i < count; ++i) x[i] = float_of_bits(uint32_t{to_bf16(x[i])} << 16);
}

}  // namespace hone::policy
