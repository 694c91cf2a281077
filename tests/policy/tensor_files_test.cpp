#include "policy/tensor_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/support/model_files.h"
#include "tests/support/temp_dir.h"

namespace hone::policy {
namespace {

using ::testing::HasSubstr;
using hone::testing::TempDir;

const std::vector<float> kValues = {1, 2, 3, 4};

TensorOut tensor(const std::string& name) { return as_it_is({name, DType::kF32, {4}, kValues.data()}); }

void write_text(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

TEST(TensorFiles, ShardsAreReadBackFromTheirIndex) {
  const TempDir dir;
  const auto shards = make_shards({tensor("a"), tensor("b"), tensor("c")}, 40);
  ASSERT_EQ(shards.size(), 2u);
  EXPECT_EQ(shards[0].name, "model-00001-of-00002.safetensors");
  for (const Shard& shard : shards) test::write_tensors(dir.file(shard.name), shard.tensors);
  write_text(dir.file("model.safetensors.index.json"), index_of(shards));
  const auto index = nlohmann::json::parse(index_of(shards));
  EXPECT_EQ(index["metadata"]["total_size"], 48);
  const auto files = TensorFiles::open(dir.path());
  ASSERT_TRUE(files.ok()) << files.error().to_string();
  for (const char* name : {"a", "b", "c"}) ASSERT_NE(files->find(name), nullptr) << name;
  EXPECT_EQ(files->file_of("c"), dir.file("model-00002-of-00002.safetensors"));
  EXPECT_EQ(files->find("d"), nullptr);
}

TEST(TensorFiles, OneFileNeedsNoIndexAndALargeTensorHasAShardToItself) {
  const auto one = make_shards({tensor("a"), tensor("b")}, 32);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].name, "model.safetensors");
  EXPECT_EQ(index_of(one), "");
  EXPECT_EQ(make_shards({tensor("a"), tensor("b")}, 1).size(), 2u);
  EXPECT_EQ(make_shards({}, 1).size(), 1u);
}

TEST(TensorFiles, WithoutAnIndexEveryShardIsRead) {
  const TempDir dir;
  test::write_tensors(dir.file("model-00001-of-00002.safetensors"), {tensor("a")});
  test::write_tensors(dir.file("model-00002-of-00002.safetensors"), {tensor("b")});
  test::write_tensors(dir.file("optimizer.safetensors"), {tensor("a")});
  const auto files = TensorFiles::open(dir.path());
  ASSERT_TRUE(files.ok()) << files.error().to_string();
  EXPECT_TRUE(files->find("a") && files->find("b"));
}

TEST(TensorFiles, ATensorInTwoFilesIsAnErrorThatNamesBoth) {
  const TempDir dir;
  test::write_tensors(dir.file("model-1.safetensors"), {tensor("a")});
  test::write_tensors(dir.file("model-2.safetensors"), {tensor("a")});
  const auto files = TensorFiles::open(dir.path());
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.error().to_string(),
            dir.file("model-2.safetensors") + ": a: is in " + dir.file("model-1.safetensors") + " too");
}

TEST(TensorFiles, AnIndexMustBeTrue) {
  struct Case {
    const char* index;
    const char* problem;
  };
  const Case cases[] = {{"{", "not valid JSON"},
                        {"[]", "weight_map: must be an object"},
                        {R"({"weight_map": {"a": 1}})", "weight_map.a: must be the name of a file in this directory"},
                        {R"({"weight_map": {"a": "../x"}})", "weight_map.a: must be the name of a file"},
                        {R"({"weight_map": {"a": "m.safetensors", "b": "m.safetensors"}})",
                         "weight_map.b: is not in m"},
                        {R"({"weight_map": {"a": "missing.safetensors"}})", "missing.safetensors"}};
  for (const Case& c : cases) {
    const TempDir dir;
    test::write_tensors(dir.file("m.safetensors"), {tensor("a")});
    write_text(dir.file("model.safetensors.index.json"), c.index);
    const auto files = TensorFiles::open(dir.path());
    ASSERT_FALSE(files.ok()) << c.index;
    EXPECT_THAT(files.error().to_string(), HasSubstr(c.problem));
  }
}

TEST(TensorFiles, ADirectoryWithoutAnySaysWhatItLacks) {
  const TempDir dir;
  const auto files = TensorFiles::open(dir.path());
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(files.error().message, HasSubstr("model.safetensors"));
}

}  // namespace
}  // namespace hone::policy
