#include "policy/safetensors.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/bytes.h"
#include "base/json.h"
#include "tests/support/temp_dir.h"

namespace hone::policy {
namespace {

using testing::TempDir;

const std::vector<float> kFloats = {1.5f, -2.0f, 0.0f, 3.25f, 1e-38f, 7.0f};
const std::vector<int64_t> kIntegers = {-1, 1};
const std::vector<uint16_t> kHalves = {0x3f80, 0xbf80, 0x0001};

std::vector<TensorView> tensors() {
  return {{"model.weight", DType::kF32, {2, 3}, kFloats.data()},
          {"a.half", DType::kBF16, {3}, kHalves.data()},
          {"counts", DType::kI64, {2}, kIntegers.data()},
          {"empty", DType::kF32, {0, 4}, kFloats.data()},
          {"scalar", DType::kF32, {}, kFloats.data()}};
}

std::vector<TensorOut> to_write(const std::vector<TensorView>& list) {
  std::vector<TensorOut> out;
  for (const TensorView& tensor : list) out.push_back(as_it_is(tensor));
  return out;
}

std::string bytes_of(const std::vector<TensorView>& list) {
  std::string bytes;
  const auto sink = [&bytes](std::span<const std::byte> part) {
    bytes.append(reinterpret_cast<const char*>(part.data()), part.size());
    return Result<void>();
  };
  EXPECT_TRUE(write_safetensors(to_write(list), sink).ok());
  return bytes;
}

Result<SafetensorsFile> open_bytes(const TempDir& dir, std::string_view bytes) {
  std::ofstream(dir.file("m.safetensors"), std::ios::binary) << bytes;
  return SafetensorsFile::open(dir.file("m.safetensors"));
}

// A file with this header and `data_bytes` zeros.
std::string with_header(std::string_view header, size_t data_bytes) {
  std::string bytes;
  put_u64(bytes, header.size());
  return bytes.append(header) + std::string(data_bytes, '\0');
}

std::string problem_of(std::string_view bytes) {
  const TempDir dir;
  const Result<SafetensorsFile> file = open_bytes(dir, bytes);
  if (file.ok()) return "";
  EXPECT_EQ(file.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(file.error().file, dir.file("m.safetensors"));
  return file.error().field.empty() ? file.error().message : file.error().field + ": " + file.error().message;
}

TEST(Safetensors, GivesBackWhatWasWritten) {
  const TempDir dir;
  const Result<SafetensorsFile> file = open_bytes(dir, bytes_of(tensors()));
  ASSERT_TRUE(file.ok());
  ASSERT_EQ(file->tensors().size(), tensors().size());
  for (const TensorView& expected : tensors()) {
    const TensorView* found = file->find(expected.name);
    ASSERT_NE(found, nullptr) << expected.name;
    EXPECT_EQ(found->dtype, expected.dtype);
    EXPECT_EQ(found->shape, expected.shape);
    EXPECT_TRUE(std::ranges::equal(found->bytes(), expected.bytes())) << expected.name;
  }
  EXPECT_EQ(file->find("missing"), nullptr);
}

TEST(Safetensors, ViewsSurviveAMove) {
  const TempDir dir;
  Result<SafetensorsFile> opened = open_bytes(dir, bytes_of(tensors()));
  const SafetensorsFile moved = std::move(opened).value();
  EXPECT_TRUE(std::ranges::equal(moved.find("counts")->bytes(), std::as_bytes(std::span(kIntegers))));
}

TEST(Safetensors, WritesAnAlignedHeaderWithTheMetadataOfTransformers) {
  const std::string bytes = bytes_of(tensors());
  const uint64_t length = ByteReader(as_bytes(bytes)).u64();
  EXPECT_EQ(length % 8, 0u);
  const auto header = nlohmann::json::parse(bytes.substr(8, length));
  EXPECT_EQ(header["__metadata__"], (nlohmann::json{{"format", "pt"}}));
  EXPECT_EQ(header["a.half"], (nlohmann::json{{"dtype", "BF16"}, {"shape", {3}}, {"data_offsets", {24, 30}}}));
}

TEST(Safetensors, RefusesToWriteANameTwice) {
  const TensorView tensor{"a", DType::kF32, {1}, kFloats.data()};
  const std::vector<TensorView> twice = {tensor, tensor};
  const Result<void> result = write_safetensors(to_write(twice), [](auto) { return Result<void>(); });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().field, "a");
}

TEST(Safetensors, PassesOnTheSinksError) {
  const auto full = [](std::span<const std::byte>) { return Result<void>(Error{ErrorCode::kIo, "full"}); };
  EXPECT_EQ(write_safetensors(to_write(tensors()), full).error().message, "full");
}

TEST(Safetensors, RefusesEveryTruncationAndEveryExtension) {
  const std::string bytes = bytes_of(tensors());
  for (size_t length = 0; length < bytes.size(); ++length) EXPECT_NE(problem_of(bytes.substr(0, length)), "") << length;
  EXPECT_NE(problem_of(bytes + '\0'), "");
}

TEST(Safetensors, SurvivesEveryBitFlipOfTheHeader) {
  const TempDir dir;
  const std::string bytes = bytes_of({tensors()[0], tensors()[1]});
  const size_t header_end = 8 + ByteReader(as_bytes(bytes)).u64();
  for (size_t bit = 0; bit < header_end * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    const Result<SafetensorsFile> file = open_bytes(dir, flipped);
    if (!file.ok()) continue;
    size_t total = 0;
    for (const TensorView& tensor : file->tensors()) total += tensor.bytes().size();
    EXPECT_EQ(total, bytes.size() - header_end) << bit;
  }
}

TEST(Safetensors, RefusesHeadersThatDoNotFit) {
  EXPECT_EQ(problem_of("1234567"), "too short for a safetensors file: 7 bytes");
  EXPECT_EQ(problem_of(std::string("\x10\0\0\0\0\0\0\0{}", 10)), "header of 16 bytes is longer than the file");
  EXPECT_EQ(problem_of(std::string(8, '\xff')), "header of 18446744073709551615 bytes, at most 100000000 allowed");
  EXPECT_EQ(problem_of(with_header("[]", 0)), "header does not begin with {");
  EXPECT_EQ(problem_of(with_header("{", 0)), "header: not valid JSON");
  EXPECT_EQ(problem_of(with_header("{\"a\":" + std::string(100'000, '['), 0)), "header: nested deeper than 3");
}

struct BadTensor {
  const char* entry;
  const char* problem;
};

TEST(Safetensors, NamesTheTensorThatIsWrong) {
  const BadTensor cases[] = {
      {R"({"dtype": "F32", "shape": [1]})", "t: must have exactly dtype, shape and data_offsets"},
      {R"({"dtype": "F32", "shape": [1], "data_offsets": [0, 4], "x": 1})",
       "t: must have exactly dtype, shape and data_offsets"},
      {R"(7)", "t: must have exactly dtype, shape and data_offsets"},
      {R"({"dtype": "F7", "shape": [1], "data_offsets": [0, 4]})", "t: dtype \"F7\" is unknown"},
      {R"({"dtype": 1, "shape": [1], "data_offsets": [0, 4]})", "t: dtype 1 is unknown"},
      {R"({"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]})",
       "t: shape must be a list of non-negative integers"},
      {R"({"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]})",
       "t: shape must be a list of non-negative integers"},
      {R"({"dtype": "F32", "shape": {"a": 1}, "data_offsets": [0, 4]})",
       "t: shape must be a list of non-negative integers"},
      {R"({"dtype": "F32", "shape": [18446744073709551615], "data_offsets": [0, 4]})",
       "t: shape must be a list of non-negative integers"},
      {R"({"dtype": "F32", "shape": [4294967296, 4294967296], "data_offsets": [0, 4]})", "t: shape overflows"},
      {R"({"dtype": "F32", "shape": [4611686018427387905], "data_offsets": [0, 4]})", "t: shape overflows"},
      {R"({"dtype": "F32", "shape": [2], "data_offsets": [0, 4]})", "t: shape needs 8 bytes, data_offsets give 4"},
      {R"({"dtype": "F32", "shape": [1], "data_offsets": [0]})", "t: data_offsets must be two non-negative integers"},
      {R"({"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]})",
       "t: data_offsets must be two non-negative integers"},
      {R"({"dtype": "F32", "shape": [1], "data_offsets": [4, 0]})",
       "t: data_offsets [4, 0] do not lie in the data of 4 bytes"},
      {R"({"dtype": "F32", "shape": [1], "data_offsets": [4, 8]})",
       "t: data_offsets [4, 8] do not lie in the data of 4 bytes"},
  };
  for (const BadTensor& bad : cases) {
    EXPECT_EQ(problem_of(with_header(str("{\"t\": ", bad.entry, "}"), 4)), bad.problem) << bad.entry;
  }
}

// Two tensors of one f32 each in eight bytes of data.
std::string two_tensors(const char* first, const char* second) {
  const auto entry = [](const char* offsets) {
    return str(R"({"dtype": "F32", "shape": [1], "data_offsets": )", offsets, "}");
  };
  return with_header(str("{\"a\": ", entry(first), ", \"b\": ", entry(second), "}"), 8);
}

TEST(Safetensors, RefusesOverlapsHolesAndRests) {
  EXPECT_EQ(problem_of(two_tensors("[0, 4]", "[4, 8]")), "");
  EXPECT_EQ(problem_of(two_tensors("[4, 8]", "[0, 4]")), "");
  EXPECT_EQ(problem_of(two_tensors("[0, 4]", "[0, 4]")), "b: data begins at 0, the tensor before ends at 4");
  EXPECT_EQ(problem_of(two_tensors("[0, 4]", "[3, 7]")), "b: data begins at 3, the tensor before ends at 4");
  EXPECT_EQ(problem_of(with_header(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}})", 8)),
            "a: data begins at 4, the tensor before ends at 0");
  EXPECT_EQ(problem_of(with_header(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})", 8)),
            "data of 8 bytes, tensors cover 4");
}

TEST(Safetensors, RefusesANameTwiceAndOddMetadata) {
  const std::string entry = R"("a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]})";
  EXPECT_EQ(problem_of(with_header("{" + entry + ", " + entry + "}", 4)), "header: key twice: a");
  EXPECT_EQ(problem_of(with_header(R"({"__metadata__": {"n": 1}})", 0)), "__metadata__: must be an object of strings");
  EXPECT_EQ(problem_of(with_header(R"({"__metadata__": {"n": "1"}})", 0)), "");
}

}  // namespace
}  // namespace hone::policy
