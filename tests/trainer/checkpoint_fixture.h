// Small checkpoints for tests, and ways to damage them.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "tests/support/temp_dir.h"
#include "trainer/checkpoint.h"

namespace hone::trainer {

// Owns the numbers of a state with two weights; equal arguments give equal bits.
struct SmallState {
  std::vector<float> weight, bias, first, second;

  explicit SmallState(float value) : weight(6, value), bias(2, value + 1), first(6, value / 2), second(6, value / 4) {}

  CheckpointContents contents(const std::string& stage, int64_t step) const {
    using policy::DType;
    CheckpointContents contents;
    contents.stage = stage;
    contents.step = step;
    contents.optimizer_step = step;
    const auto tensor = [](const char* name, std::vector<int64_t> shape, const std::vector<float>& values) {
      return policy::as_it_is({name, DType::kF32, std::move(shape), values.data()});
    };
    contents.weights = {tensor("w", {2, 3}, weight), tensor("b", {2}, bias)};
    contents.moments = {tensor("exp_avg.w", {2, 3}, first), tensor("exp_avg_sq.w", {2, 3}, second)};
    contents.state = {{"cursor", step * 8}};
    contents.offsets = {{"journal", 0}, {"metrics.jsonl", step * 10}};
    contents.extra_files = {{"config.json", "{\"hidden_size\": 3}\n"}, {"tokenizer.json", "{}\n"}};
    return contents;
  }
};

inline CheckpointInfo save_small(const std::string& run_dir, const std::string& stage, int64_t step) {
  const SmallState state(static_cast<float>(step));
  Result<CheckpointInfo> info = save_checkpoint(run_dir, state.contents(stage, step));
  EXPECT_TRUE(info.ok()) << info.error().to_string();
  return *info;
}

// Replaces the content without syncing.
inline void overwrite(const std::string& path, std::string_view content) {
  std::ofstream(path, std::ios::trunc | std::ios::binary) << content;
}

inline void flip_bit(const std::string& path, size_t bit) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(bit / 8));
  const char flipped = static_cast<char>(file.get() ^ (1 << (bit % 8)));
  file.seekp(static_cast<std::streamoff>(bit / 8));
  file.put(flipped);
}

// The last components of paths, for comparing lists.
inline std::vector<std::string> names_of(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (const std::string& path : paths) names.push_back(path.substr(path.find_last_of('/') + 1));
  return names;
}

}  // namespace hone::trainer
