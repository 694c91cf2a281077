// Embedding tables on the device: the CPU's bits, from plain tables and from packed heads.
#include <gtest/gtest.h>

#include "kernels/cuda/elementwise.h"
#include "kernels/cuda/gemm.h"
#include "kernels/cuda/panels.h"
#include "tests/kernels/cuda/twins.h"

namespace hone::test {
namespace {

using kernels::EmbedArgs;

struct Shape {
  int64_t rows, vocabulary, cols;
};
const Shape kShapes[] = {{0, 3, 4}, {1, 1, 1}, {9, 100, 33}, {200, 70, 48}, {40, 152000, 5}};

// With the first and the last one.
std::vector<int32_t> tokens_of(const Shape& s) {
  PhiloxStream random(s.rows, 9);
  std::vector<int32_t> tokens(s.rows);
  for (int32_t& token : tokens) token = static_cast<int32_t>(random.below(static_cast<uint32_t>(s.vocabulary)));
  if (s.rows > 1) tokens[0] = 0, tokens[s.rows / 2] = static_cast<int32_t>(s.vocabulary - 1);
  return tokens;
}

template <class Compact>
void compare_embed(const std::vector<Compact>& table, const std::vector<float>& wide, const Shape& s) {
  ThreadTeam team(1);
  const auto tokens = tokens_of(s);
  const auto& backend = kernels::cpu_backend(sizeof(Compact) == 2 ? kernels::DType::kBf16 : kernels::DType::kF32);
  std::vector<float> expected(s.rows * s.cols);
  backend.embed({table.data(), tokens.data(), expected.data(), s.rows, s.cols}, {&team});

  Device device(s.cols);
  float* out = device.output<float>(s.rows * s.cols);
  const int32_t* device_tokens = device.upload(tokens);
  kernels::cuda::embed<Compact>({device.upload(table), device_tokens, out, s.rows, s.cols}, {});
  ASSERT_EQ(device.report(), "");
  ASSERT_EQ(device.download(out, s.rows * s.cols), expected);

  const int64_t elements = kernels::panel_elements(s.cols, s.vocabulary, kernels::cuda::kPanelCols,
                                                   kernels::cuda::kPanelDepth<Compact>);
  Compact* panels = device.output<Compact>(elements);
  kernels::cuda::pack_panels<Compact>({device.upload(wide), s.vocabulary, s.cols, 1, s.vocabulary * s.cols, panels},
                                     {});
  float* from_panels = device.output<float>(s.rows * s.cols);
  kernels::cuda::embed<Compact>({nullptr, device_tokens, from_panels, s.rows, s.cols, panels}, {});
  ASSERT_EQ(device.report(), "");
  ASSERT_EQ(device.download(from_panels, s.rows * s.cols), expected);
}

TEST(CudaEmbed, ForwardEqualsTheCpuToTheBit) {
  for (const Shape& s : kShapes) {
    const auto table = random_values(s.vocabulary * s.cols, 1);
    compare_embed<float>(table, table, s);
    compare_embed<uint16_t>(to_bf16(table), table, s);
  }
}

TEST(CudaEmbed, BackwardEqualsTheCpuToTheBit) {
  ThreadTeam team(1);
  for (Shape s : kShapes) {
    s.rows *= 3;  // most tokens come several times
    const auto dout = random_values(s.rows * s.cols, 2);
    auto dtable = random_values(s.vocabulary * s.cols, 3);
    const auto tokens = tokens_of(s);
    Device device(s.cols);
    float* device_dtable = device.upload(dtable);
    cpu().embed_backward({dout.data(), tokens.data(), dtable.data(), s.rows, s.cols}, {&team});
    kernels::cuda::embed_backward({device.upload(dout), device.upload(tokens), device_dtable, s.rows, s.cols}, {});
    ASSERT_EQ(device.report(), "");
    ASSERT_EQ(device.download(device_dtable, dtable.size()), dtable);
  }
}

}  // namespace
}  // namespace hone::test
