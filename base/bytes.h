// Little-endian numbers and length-prefixed strings in byte strings, for the binary formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace hone {

inline void put_u8(std::string& out, uint8_t value) { out.push_back(static_cast<char>(value)); }

template <int kBytes>
void put_little_endian(std::string& out, uint64_t value) {
  for (int i = 0; i < kBytes; ++i) put_u8(out, static_cast<uint8_t>(value >> (8 * i)));
}
inline void put_u32(std::string& out, uint32_t value) { put_little_endian<4>(out, value); }
inline void put_u64(std::string& out, uint64_t value) { put_little_endian<8>(out, value); }
inline void put_string(std::string& out, std::string_view text) {
  put_u64(out, text.size());
  out.append(text);
}

// Reads what put_* wrote. Reading past the end gives zeros and empty strings and makes ok() false for good.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  uint8_t u8() { return static_cast<uint8_t>(little_endian(1)); }
  uint32_t u32() { return static_cast<uint32_t>(little_endian(4)); }
  uint64_t u64() { return little_endian(8); }
  std::string string() {
    const std::span<const std::byte> text = take(u64());
    return {reinterpret_cast<const char*>(text.data()), text.size()};
  }

  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }

 private:
  std::span<const std::byte> take(uint64_t count) {
    if (count > bytes_.size()) {
      ok_ = false;
      return {};
    }
    const std::span<const std::byte> taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }
  uint64_t little_endian(int count) {
    uint64_t value = 0;
    int shift = 0;
    for (std::byte b : take(count)) value |= uint64_t{std::to_integer<uint8_t>(b)} << (8 * shift++);
    return value;
  }

  std::span<const std::byte> bytes_;
  bool ok_ = true;
};

}  // namespace hone
