// Checksums: SHA-256 for what must not be mistaken, CRC-32C where a format asks for it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace hone {

using Digest = std::array<std::byte, 32>;

// SHA-256 (FIPS 180-4) of all updates in turn.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const std::byte> bytes);
  // Eight bytes, little-endian.
  void update_u64(uint64_t value);
  // The length as u64, then the characters: "ab" + "c" differs from "a" + "bc".
  void update_string(std::string_view text);
  // Ends the hash; no update afterwards.
  Digest finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Digest sha256(std::span<const std::byte> bytes);
// Lower-case hexadecimal.
std::string to_hex(std::span<const std::byte> bytes);

// The first eight bytes of SHA-256 as a little-endian number: for checksums and identities of small values.
uint64_t hash64(std::span<const std::byte> bytes);
template <class T>
  requires std::is_arithmetic_v<T>
uint64_t hash64(std::span<const T> values) {
  return hash64(std::as_bytes(values));
}

// CRC-32C (Castagnoli, RFC 3720 appendix B.4). `crc` continues an earlier result.
uint32_t crc32c(std::span<const std::byte> bytes, uint32_t crc = 0);

}  // namespace hone
