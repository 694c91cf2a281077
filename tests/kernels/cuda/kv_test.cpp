// kv_append, kv_copy and kv_gather on the device: the bits of the CPU's.
#include "kernels/cuda/kv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <type_traits>
#include <vector>

#include "base/philox.h"
#include "tests/support/device.h"

namespace hone::kernels::cuda {
namespace {

std::vector<float> random_values(int64_t count, uint64_t seed) {
  PhiloxStream random(seed, 0);
  std::vector<float> out(static_cast<size_t>(count));
  for (float& x : out) x = static_cast<float>(random.uniform() * 4 - 2);
  return out;
}

struct Case {
  KvShape shape;
  int64_t key_a_dim;
  bool shared_b;  // key_b has head stride 0
};
const Case kCases[] = {{{1, 1, 1}, 1, false},   {{2, 7, 5}, 4, false},     {{3, 64, 64}, 64, false},
                       {{2, 24, 16}, 16, true}, {{2, 192, 128}, 128, true}, {{1, 576, 512}, 512, true}};

// A prompt of 21 positions, three samples that continue it in blocks of their own, and a sequence apart; tables in no
// order.
struct Spans {
  std::vector<std::vector<int32_t>> blocks{{9, 4}, {9, 11, 0}, {9, 7}, {9, 2}, {5, 3, 8}};
  std::vector<AttentionSpan> spans;
  std::vector<int32_t> parents{-1, 0, 0, 0, -1};
  static constexpr int64_t kBlocks = 12, kRows = 21 + 20 + 1 + 11 + 40;
  Spans() {
    const int32_t rows[] = {21, 20, 1, 11, 40}, position[] = {0, 21, 21, 21, 0};
    int32_t first = 0;
    for (int i = 0; i < 5; ++i) {
      spans.push_back({first, rows[i], position[i], blocks[i].data()});
      first += rows[i];
    }
  }
  int64_t count() const { return static_cast<int64_t>(spans.size()); }
};

template <class C>
class CudaKv : public testing::Test {
 protected:
  static constexpr DType kCompact = std::is_same_v<C, float> ? DType::kF32 : DType::kBf16;
  void TearDown() override { EXPECT_EQ(device_.report(), ""); }

  test::Device device_{3};
  ThreadTeam team_{1};
  const Stream stream_{&team_};
  const Backend& cpu_ = cpu_backend(kCompact);
};

using Types = testing::Types<float, uint16_t>;
TYPED_TEST_SUITE(CudaKv, Types);

// Rows have room between them; heads lie one after another.
KvAppendArgs append_args(const Case& c, const Spans& s) {
  KvAppendArgs a;
  a.shape = c.shape;
  a.key_a_dim = c.key_a_dim;
  a.key_a_head_stride = c.key_a_dim;
  a.key_a_stride = c.shape.kv_heads * c.key_a_dim + 1;
  const int64_t b_dim = c.shape.key_dim - c.key_a_dim;
  a.key_b_head_stride = c.shared_b ? 0 : b_dim;
  a.key_b_stride = c.shape.kv_heads * b_dim + 2;
  a.value_head_stride = c.shape.value_dim;
  a.value_stride = c.shape.kv_heads * c.shape.value_dim + 3;
  a.spans = s.spans.data();
  a.num_spans = s.count();
  return a;
}

TYPED_TEST(CudaKv, AppendAndCopyAreTheCpus) {
  using C = TypeParam;
  const Spans s;
  for (const Case& c : kCases) {
    KvAppendArgs a = append_args(c, s);
    const auto key_a = random_values(Spans::kRows * a.key_a_stride, 1);
    const auto key_b = random_values(Spans::kRows * a.key_b_stride, 2);
    const auto value = random_values(Spans::kRows * a.value_stride, 3);
    std::vector<C> keys(Spans::kBlocks * c.shape.key_elements()), values(Spans::kBlocks * c.shape.value_elements());
    C *device_keys = this->device_.upload(keys), *device_values = this->device_.upload(values);
    a.key_a = key_a.data(), a.key_b = key_b.data(), a.value = value.data();
    a.keys = keys.data(), a.values = values.data();
    this->cpu_.kv_append(a, this->stream_);
    this->cpu_.kv_copy({c.shape, keys.data(), values.data(), 4, 7, 5}, this->stream_);
    a.key_a = this->device_.upload(key_a), a.key_b = this->device_.upload(key_b);
    a.value = this->device_.upload(value);
    a.keys = device_keys, a.values = device_values;
    kv_append<C>(a, this->stream_);
    kv_copy<C>({c.shape, device_keys, device_values, 4, 7, 5}, this->stream_);
    EXPECT_EQ(this->device_.download(device_keys, keys.size()), keys) << c.shape.key_dim;
    EXPECT_EQ(this->device_.download(device_values, values.size()), values) << c.shape.value_dim;
  }
}

TEST(CudaKvGather, RowsAreTheCpus) {
  test::Device device(4);
  ThreadTeam team(1);
  const Stream stream{&team};
  const Spans s;
  for (const Case& c : kCases) {
    const KvAppendArgs a = append_args(c, s);
    auto dkeys = random_values(Spans::kBlocks * c.shape.key_elements(), 5);
    auto dvalues = random_values(Spans::kBlocks * c.shape.value_elements(), 6);
    std::vector<float> key_a(Spans::kRows * a.key_a_stride), key_b(Spans::kRows * a.key_b_stride);
    std::vector<float> value(Spans::kRows * a.value_stride);
    float *device_a = device.upload(key_a), *device_b = device.upload(key_b), *device_value = device.upload(value);
    KvGatherArgs g{c.shape,        device_a,       a.key_a_stride,      a.key_a_head_stride, a.key_a_dim,
                   device_b,       a.key_b_stride, a.key_b_head_stride, device_value,        a.value_stride,
                   c.shape.value_dim, a.spans,     s.parents.data(),    s.count(),           device.upload(dkeys),
                   device.upload(dvalues)};
    kv_gather(g, stream);
    g.key_a = key_a.data(), g.key_b = key_b.data(), g.value = value.data();
    g.dkeys = dkeys.data(), g.dvalues = dvalues.data();
    cpu_backend(DType::kF32).kv_gather(g, stream);
    EXPECT_EQ(device.download(device_a, key_a.size()), key_a) << c.shape.key_dim;
    EXPECT_EQ(device.download(device_b, key_b.size()), key_b) << c.shape.key_dim;
    EXPECT_EQ(device.download(device_value, value.size()), value) << c.shape.value_dim;
  }
  EXPECT_EQ(device.report(), "");
}

}  // namespace
}  // namespace hone::kernels::cuda
