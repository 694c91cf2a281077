#include "trainer/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "policy/char_tokenizer.h"
#include "tests/support/tiny_run.h"
#include "tests/support/tiny_weights.h"

namespace hone::trainer {
namespace {

using ::testing::HasSubstr;
using policy::MlaForm;

class ModelTest : public ::testing::TestWithParam<test::NamedModel> {
 protected:
  Model make(kernels::DType compact = kernels::DType::kF32) {
    Model model;
    auto tokenizer = policy::CharTokenizer::make(policy::CharVocabulary{});
    EXPECT_TRUE(tokenizer.ok());
    model.tokenizer = std::move(*tokenizer);
    policy::ModelConfig config = GetParam().config;
    config.vocab_size = model.tokenizer->vocab_size();
    model.weights = test::make_weights(config, stream_, kernels::cpu_backend(compact));
    return model;
  }
  std::string save(const Model& model) {
    CheckpointContents contents;
    contents.stage = "s";
    contents.step = 1;
    contents.weights = exported_tensors(model);
    contents.state = nlohmann::json::object();
    contents.extra_files = model_files(model);
    const auto saved = save_checkpoint(dir_.path(), contents);
    EXPECT_TRUE(saved.ok()) << saved.error().to_string();
    return saved->path;
  }

  ThreadTeam team_{2};
  kernels::Stream stream_{&team_};
  testing::TempDir dir_;
};

TEST_P(ModelTest, LoadsTheBitsThatWereSaved) {
  const Model model = make();
  const auto loaded = load_model(save(model), {GetParam().config.mla, policy::Use::kTrain}, stream_);
  ASSERT_TRUE(loaded.ok()) << loaded.error().to_string();
  EXPECT_EQ(test::values_of(*loaded->weights), test::values_of(*model.weights));
  EXPECT_EQ(policy::to_config_json(loaded->weights->config()), policy::to_config_json(model.weights->config()));
  ASSERT_TRUE(loaded->tokenizer);
  EXPECT_EQ(loaded->tokenizer->vocab_size(), model.tokenizer->vocab_size());
}

TEST_P(ModelTest, ABf16CheckpointIsThePolicyThatWasSampled) {
  const Model model = make(kernels::DType::kBf16);
  const auto batch = test::random_batch(2, static_cast<uint32_t>(model.weights->config().vocab_size));
  const std::string path = save(model);
  const auto loaded = load_model(path, {.form = GetParam().config.mla}, stream_);
  ASSERT_TRUE(loaded.ok()) << loaded.error().to_string();
  EXPECT_EQ(loaded->weights->backend().compact, kernels::DType::kBf16);
  EXPECT_EQ(test::logprobs_one_by_one(batch, *loaded->weights, stream_),
            test::logprobs_one_by_one(batch, *model.weights, stream_));
}

TEST_P(ModelTest, LoadedAndSavedAgainEqualFilesInBf16) {
  const std::string path = save(make(kernels::DType::kBf16));
  const auto loaded = load_model(path, {GetParam().config.mla, policy::Use::kTrain}, stream_);
  ASSERT_TRUE(loaded.ok()) << loaded.error().to_string();
  const auto before = read_file(path + "/model.safetensors"), config = read_file(path + "/config.json");
  save(*loaded);
  EXPECT_EQ(*read_file(path + "/model.safetensors"), *before);
  EXPECT_EQ(*read_file(path + "/config.json"), *config);
}

INSTANTIATE_TEST_SUITE_P(Models, ModelTest, ::testing::ValuesIn(test::tiny_models()),
                         [](const auto& info) { return info.param.name; });

class TensorsTest : public ::testing::Test {
 protected:
  TensorsTest() : weights_(test::make_weights(test::tiny_gqa(), stream_, kernels::cpu_backend(kernels::DType::kF32))) {
    for (const policy::Parameter& p : weights_->layout().parameters)
      views_.push_back({p.name, policy::DType::kF32, p.cols == 0 ? std::vector{p.rows} : std::vector{p.rows, p.cols},
                        weights_->at(p.offset)});
  }
  Result<Model> load(policy::Use use = policy::Use::kSample) {
    std::ofstream(dir_.file("config.json")) << policy::to_config_json(weights_->config());
    std::ofstream out(dir_.file("model.safetensors"), std::ios::binary);
    const auto sink = [&out](std::span<const std::byte> bytes) {
      out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
      return Result<void>();
    };
    std::vector<policy::TensorOut> tensors;
    for (const policy::TensorView& view : views_) tensors.push_back(policy::as_it_is(view));
    EXPECT_TRUE(policy::write_safetensors(tensors, sink).ok());
    out.close();
    return load_model(dir_.path(), {.use = use}, stream_);
  }

  ThreadTeam team_{1};
  kernels::Stream stream_{&team_};
  std::unique_ptr<policy::Weights> weights_;
  std::vector<policy::TensorView> views_;
  testing::TempDir dir_;
};

TEST_F(TensorsTest, AllThatDoNotFitAreNamedAtOnce) {
  const std::string missing = views_[1].name, misshapen = views_[2].name, also_missing = views_[4].name;
  views_[1].name = "model.extra.weight";
  views_[4].name = "model.other.weight";
  views_[2].shape.insert(views_[2].shape.begin(), 1);
  const auto loaded = load();
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().file, dir_.file("model.safetensors"));
  for (const std::string& text : {"missing: " + missing, "missing: " + also_missing, misshapen + " is F32 [1, ",
                                  std::string("extra: model.extra.weight"), std::string("extra: model.other.weight")})
    EXPECT_THAT(loaded.error().message, HasSubstr(text));
}

TEST_F(TensorsTest, AtMostTwentyProblemsAreListedAndTheRestCounted) {
  for (size_t i = 0; i < 23; ++i) views_.push_back({str("extra.", i), policy::DType::kF32, {0}, nullptr});
  const auto loaded = load();
  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(loaded.error().message, HasSubstr("\n  and 3 more"));
}

TEST_F(TensorsTest, LayersAfterTheLastAreKeptAndWrittenBackUnchanged) {
  const std::vector<uint16_t> values = {1, 2, 3};
  views_.push_back({str("model.layers.", weights_->config().layers, ".eh_proj.weight"), policy::DType::kBF16, {3},
                    values.data()});
  views_.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", policy::DType::kF32, {0}, nullptr});
  const auto loaded = load(policy::Use::kTrain);
  ASSERT_TRUE(loaded.ok()) << loaded.error().to_string();
  ASSERT_EQ(loaded->notes.size(), 2u);
  EXPECT_THAT(loaded->notes[0], HasSubstr("1 tensor left out"));
  EXPECT_THAT(loaded->notes[1], HasSubstr("1 tensor kept but not run"));
  const auto exported = exported_tensors(*loaded);
  ASSERT_EQ(exported.size(), views_.size() - 1);
  EXPECT_EQ(exported.back().name, views_[views_.size() - 2].name);
  EXPECT_EQ(exported.back().dtype, policy::DType::kBF16);
  EXPECT_TRUE(exported.back().write([&](std::span<const std::byte> bytes) {
    EXPECT_TRUE(std::ranges::equal(bytes, std::as_bytes(std::span(values))));
    return Result<void>();
  }).ok());
}

TEST_F(TensorsTest, ADirectoryWithoutTokenizerServesTokens) {
  const auto loaded = load();
  ASSERT_TRUE(loaded.ok()) << loaded.error().to_string();
  EXPECT_EQ(loaded->tokenizer, nullptr);
}

TEST_F(TensorsTest, ATokenizerWithMoreTokensThanTheModelIsRefused) {
  const policy::CharVocabulary vocabulary{.characters = "abcdefghijklmnopqrstuvwxyz0123456789"};
  const auto tokenizer = policy::CharTokenizer::make(vocabulary);
  ASSERT_TRUE(tokenizer.ok());
  std::ofstream(dir_.file("tokenizer.json")) << (*tokenizer)->files().front().text;
  const auto loaded = load();
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().file, dir_.file("tokenizer.json"));
}

TEST(OpenTarget, FindsTheModelOfARunACheckpointAndADirectory) {
  ThreadTeam team(1);
  const kernels::Stream stream{&team};
  const auto logprobs = [&](const Model& model) {
    const auto vocabulary = static_cast<uint32_t>(model.weights->config().vocab_size);
    return test::logprobs_one_by_one(test::random_batch(1, vocabulary), *model.weights, stream);
  };
  TinyRun run({kShortBase, "stages.zero.steps=1", "policy.mla=absorbed"});
  run.finish();
  const std::string newest = run.path() + "/checkpoints/zero-1", older = run.path() + "/checkpoints/base-3";

  const auto of_run = open_target(run.path(), stream);
  ASSERT_TRUE(of_run.ok()) << of_run.error().to_string();
  EXPECT_EQ(of_run->path, newest);
  ASSERT_TRUE(of_run->config && of_run->stage);
  EXPECT_EQ(of_run->stage->name, "zero");
  EXPECT_EQ(of_run->model.weights->config().mla, MlaForm::kAbsorbed);

  const auto of_checkpoint = open_target(older, stream);
  ASSERT_TRUE(of_checkpoint.ok()) << of_checkpoint.error().to_string();
  EXPECT_EQ(of_checkpoint->stage->name, "base");
  EXPECT_NE(logprobs(of_checkpoint->model), logprobs(of_run->model));

  const std::string plain = run.file("plain");
  std::filesystem::create_directory(plain);
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.json"})
    std::filesystem::copy(newest + "/" + name, plain + "/" + name);
  const auto of_directory = open_target(plain, stream);
  ASSERT_TRUE(of_directory.ok()) << of_directory.error().to_string();
  EXPECT_FALSE(of_directory->config || of_directory->stage);
  const auto with_form = load_model(plain, {.form = MlaForm::kAbsorbed}, stream);
  ASSERT_TRUE(with_form.ok()) << with_form.error().to_string();
  EXPECT_EQ(logprobs(*with_form), logprobs(of_run->model));
}

TEST(OpenTarget, NamesWhatIsNoTarget) {
  ThreadTeam team(1);
  const kernels::Stream stream{&team};
  const testing::TempDir dir;
  std::ofstream(dir.file("a_file")) << "x";
  std::filesystem::create_directories(dir.file("run/checkpoints"));
  for (const std::string& target : {dir.path(), dir.file("nothing"), dir.file("a_file"), dir.file("run")}) {
    const auto opened = open_target(target, stream);
    ASSERT_FALSE(opened.ok()) << target;
    EXPECT_EQ(opened.error().code, ErrorCode::kNotFound) << target;
    EXPECT_THAT(opened.error().to_string(), HasSubstr(target));
  }
}

}  // namespace
}  // namespace hone::trainer
