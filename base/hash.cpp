#include "base/hash.h"

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/file.h"

namespace hone {

struct Sha256::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(evp); }
};

namespace {

// Fetched once: looking the algorithm up costs more than hashing a small value.
const EVP_MD* algorithm() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  HONE_CHECK(md != nullptr, "OpenSSL offers no SHA-256");
  return md;
}

}  // namespace

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  HONE_CHECK(EVP_DigestInit_ex2(context_->evp, algorithm(), nullptr) == 1, "EVP_DigestInit_ex2");
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) {
  HONE_CHECK(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) == 1, "EVP_DigestUpdate");
}

void Sha256::update_u64(uint64_t value) {
  std::string bytes;
  put_u64(bytes, value);
  update(as_bytes(bytes));
}

void Sha256::update_string(std::string_view text) {
  update_u64(text.size());
  update(as_bytes(text));
}

Digest Sha256::finish() {
  Digest digest;
  HONE_CHECK(EVP_DigestFinal_ex(context_->evp, reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1,
             "EVP_DigestFinal_ex");
  return digest;
}

Digest sha256(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string to_hex(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (std::byte b : bytes) {
    out.push_back(kDigits[std::to_integer<unsigned>(b) >> 4]);
    out.push_back(kDigits[std::to_integer<unsigned>(b) & 15]);
  }
  return out;
}

uint64_t hash64(std::span<const std::byte> bytes) {
  const Digest digest = sha256(bytes);
  return ByteReader(digest).u64();
}

}  // namespace hone
