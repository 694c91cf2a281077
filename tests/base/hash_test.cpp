#include "base/hash.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace hone {
namespace {

std::string hex_of(std::string_view text) { return to_hex(sha256(as_bytes(text))); }

TEST(Sha256, GivesTheVectorsOfFips180) {
  EXPECT_EQ(hex_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, DoesNotDependOnHowItIsFed) {
  const std::string text(1000, 'q');
  for (size_t cut : {0, 1, 63, 64, 65, 999}) {
    Sha256 hash;
    hash.update(as_bytes(text).first(cut));
    hash.update(as_bytes(text).subspan(cut));
    EXPECT_EQ(to_hex(hash.finish()), hex_of(text)) << cut;
  }
}

TEST(Sha256, KeepsStringsApart) {
  Sha256 a, b;
  a.update_string("ab");
  a.update_string("c");
  b.update_string("a");
  b.update_string("bc");
  EXPECT_NE(a.finish(), b.finish());
}

TEST(Hash64, IsTheStartOfSha256) {
  EXPECT_EQ(hash64(as_bytes("abc")), 0xeacf018fbf1678baull);
  const int32_t values[] = {1, 2};
  EXPECT_EQ(hash64(std::span<const int32_t>(values)), hash64(std::as_bytes(std::span(values))));
}

TEST(Crc32c, GivesTheVectorsOfRfc3720) {
  std::array<std::byte, 32> bytes{};
  EXPECT_EQ(crc32c(bytes), 0x8a9136aau);
  bytes.fill(std::byte{0xff});
  EXPECT_EQ(crc32c(bytes), 0x62a8ab43u);
  for (int i = 0; i < 32; ++i) bytes[static_cast<size_t>(i)] = static_cast<std::byte>(i);
  EXPECT_EQ(crc32c(bytes), 0x46dd794eu);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283u);
}

TEST(Crc32c, ContinuesAtAnyPlace) {
  const std::string text = "the quick brown fox jumps over the lazy dog";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(crc32c(as_bytes(text).subspan(cut), crc32c(as_bytes(text).first(cut))), crc32c(as_bytes(text))) << cut;
  }
}

}  // namespace
}  // namespace hone
