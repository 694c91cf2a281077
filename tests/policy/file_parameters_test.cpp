#include "policy/file_parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>

#include "tests/support/model_files.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_models.h"

namespace hone::policy {
namespace {

using ::testing::HasSubstr;

// The tensors of a model, each value its place in the layout, to be changed and written.
class FileParametersTest : public ::testing::Test {
 protected:
  void use(const ModelConfig& config) {
    config_ = config;
    layout_ = make_layout(config, kernels::cpu_backend(kernels::DType::kF32));
    tensors_.clear();
    for (const Parameter& p : layout_.parameters) {
      auto& values = floats_.emplace_back(static_cast<size_t>(p.size()));
      for (int64_t i = 0; i < p.size(); ++i) values[static_cast<size_t>(i)] = value(p.offset + i);
      add(p.name, DType::kF32, p.cols == 0 ? std::vector<int64_t>{p.rows} : std::vector<int64_t>{p.rows, p.cols},
          values.data());
    }
  }
  static float value(int64_t place) { return static_cast<float>(place % 997); }
  void add(const std::string& name, DType dtype, std::vector<int64_t> shape, const void* data) {
    tensors_.push_back(as_it_is({name, dtype, std::move(shape), data}));
  }
  TensorOut& tensor(const std::string& name) {
    for (TensorOut& t : tensors_)
      if (t.name == name) return t;
    ADD_FAILURE() << name;
    return tensors_.front();
  }
  Result<FileParameters> open() {
    test::write_tensors(dir_.file("model.safetensors"), tensors_);
    Result<TensorFiles> files = TensorFiles::open(dir_.path());
    if (!files.ok()) return files.error();
    return FileParameters::open(std::make_shared<const TensorFiles>(std::move(*files)), config_, layout_);
  }
  // Every row of every parameter has the values of its places.
  void expect_places(const FileParameters& parameters) {
    for (size_t i = 0; i < layout_.parameters.size(); ++i) {
      const Parameter& p = layout_.parameters[i];
      const int64_t cols = p.cols == 0 ? 1 : p.cols;
      std::vector<float> row(static_cast<size_t>(cols));
      for (int64_t r = 0; r < p.rows; ++r) {
        parameters.read(i, r, 1, row.data());
        for (int64_t c = 0; c < cols; ++c)
          ASSERT_EQ(row[static_cast<size_t>(c)], value(p.offset + r * cols + c)) << p.name << " " << r << " " << c;
      }
    }
  }

  hone::testing::TempDir dir_;
  ModelConfig config_;
  ParameterLayout layout_;
  std::deque<std::vector<float>> floats_;
  std::vector<TensorOut> tensors_;
};

TEST_F(FileParametersTest, ReadsExpertsOneByOneOrFused) {
  use(test::tiny_softmax_experts("qwen3_moe"));
  const auto plain = open();
  ASSERT_TRUE(plain.ok()) << plain.error().to_string();
  expect_places(*plain);
  std::map<std::string, std::vector<float>> fused;
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const Parameter& p : layout_.parameters) {
    if (p.fused.name.empty()) continue;
    auto& all = fused[p.fused.name];
    shapes[p.fused.name] = {p.fused.experts, p.fused.rows, p.fused.cols};
    all.resize(static_cast<size_t>(p.fused.experts * p.fused.rows * p.fused.cols));
    for (int64_t i = 0; i < p.size(); ++i) all[static_cast<size_t>(p.fused.first + i)] = value(p.offset + i);
    std::erase_if(tensors_, [&](const TensorOut& t) { return t.name == p.name; });
  }
  ASSERT_FALSE(fused.empty());
  for (const auto& [name, values] : fused) add(name, DType::kF32, shapes[name], values.data());
  const auto together = open();
  ASSERT_TRUE(together.ok()) << together.error().to_string();
  expect_places(*together);
}

TEST_F(FileParametersTest, DequantisesBlocksOfFp8) {
  ModelConfig config = test::tiny_gqa();
  config.fp8_block_rows = 16;
  config.fp8_block_cols = 10;
  use(config);
  const std::string name = "model.layers.1.mlp.up_proj.weight";  // [40, 24]
  const std::vector<uint8_t> codes(40 * 24, 0x40);               // 2
  std::vector<float> scales(3 * 3);
  for (size_t i = 0; i < scales.size(); ++i) scales[i] = static_cast<float>(i + 1);
  tensor(name) = as_it_is({name, DType::kF8E4M3, {40, 24}, codes.data()});
  add(name + "_scale_inv", DType::kF32, {3, 3}, scales.data());
  const auto opened = open();
  ASSERT_TRUE(opened.ok()) << opened.error().to_string();
  EXPECT_THAT(opened->notes().at(0), HasSubstr("1 FP8 tensor"));
  for (size_t i = 0; i < layout_.parameters.size(); ++i) {
    if (layout_.parameters[i].name != name) continue;
    std::vector<float> values(40 * 24);
    opened->read(i, 0, 7, values.data());
    opened->read(i, 7, 33, values.data() + 7 * 24);
    for (int64_t r = 0; r < 40; ++r)
      for (int64_t c = 0; c < 24; ++c)
        ASSERT_EQ(values[static_cast<size_t>(r * 24 + c)], 2 * scales[static_cast<size_t>(r / 16 * 3 + c / 10)]);
  }
}

TEST_F(FileParametersTest, NamesWhatIsWrongWithATensor) {
  struct Case {
    const char* what;
    std::function<void()> change;
    const char* problem;
  };
  const std::string name = "model.layers.0.self_attn.q_proj.weight";
  static const std::vector<double> zeros(48 * 48);
  const std::vector<Case> cases = {
      {"integers", [&] { tensor(name).dtype = DType::kI32; }, "q_proj.weight is I32 [48, 24], must be F32, BF16"},
      {"shape", [&] { tensor(name).shape = {24, 48}; }, "q_proj.weight is F32 [24, 48], must be"},
      {"no scale", [&] { tensor(name) = as_it_is({name, DType::kF8E4M3, {48, 24}, zeros.data()}); },
       "missing: model.layers.0.self_attn.q_proj.weight_scale_inv"},
      {"missing", [&] { tensor(name).name = "other"; }, "missing: model.layers.0.self_attn.q_proj.weight"},
      {"extra", [&] { add("model.layers.1.x", DType::kF32, {1}, zeros.data()); }, "extra: model.layers.1.x"}};
  for (const Case& c : cases) {
    use(test::tiny_gqa());
    c.change();
    const auto opened = open();
    ASSERT_FALSE(opened.ok()) << c.what;
    EXPECT_THAT(opened.error().to_string(), HasSubstr(c.problem)) << c.what;
    EXPECT_EQ(opened.error().file, dir_.file("model.safetensors"));
  }
}

TEST_F(FileParametersTest, ACopyOfATiedHeadIsLeftOutAndAnotherHeadIsExtra) {
  ModelConfig config = test::tiny_gqa();
  config.tie_embeddings = true;
  use(config);
  add("lm_head.weight", DType::kF32, {config.vocab_size, config.hidden_size}, floats_.front().data());
  EXPECT_TRUE(open().ok());
  std::vector<float> other = floats_.front();
  other.back() += 1;
  tensors_.pop_back();
  add("lm_head.weight", DType::kF32, {config.vocab_size, config.hidden_size}, other.data());
  const auto opened = open();
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message, HasSubstr("extra: lm_head.weight"));
}

TEST_F(FileParametersTest, LaterLayersInFp8AreKeptAsBf16) {
  ModelConfig config = test::tiny_gqa();
  config.fp8_block_rows = config.fp8_block_cols = 2;
  use(config);
  const std::vector<uint8_t> codes = {0x40, 0x38, 0x40, 0xc0};  // 2 1 / 2 -2
  const float scale = 3;
  add("model.layers.2.eh_proj.weight", DType::kF8E4M3, {2, 2}, codes.data());
  add("model.layers.2.eh_proj.weight_scale_inv", DType::kF32, {1, 1}, &scale);
  const auto opened = open();
  ASSERT_TRUE(opened.ok()) << opened.error().to_string();
  ASSERT_EQ(opened->kept().size(), 1u);
  EXPECT_EQ(opened->kept()[0].dtype, DType::kBF16);
  std::vector<float> values;
  ASSERT_TRUE(opened->kept()[0].write([&](std::span<const std::byte> bytes) {
    const size_t at = values.size();
    values.resize(at + bytes.size() / 2);
    to_f32(DType::kBF16, bytes.data(), static_cast<int64_t>(bytes.size() / 2), values.data() + at);
    return Result<void>();
  }).ok());
  EXPECT_EQ(values, (std::vector<float>{6, 3, 6, -6}));
}

}  // namespace
}  // namespace hone::policy
