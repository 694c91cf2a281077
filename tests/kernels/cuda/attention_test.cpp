// Attention and its backward on the device against the CPU's, and a row's bits however its sequence is cut
// into calls.
#include "kernels/cuda/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <type_traits>
#include <vector>

#include "base/philox.h"
#include "kernels/cuda/kv.h"
#include "tests/kernels/cuda/twins.h"

namespace hone::kernels::cuda {
namespace {

using Values = std::vector<float>;
using test::chain_backend;
using test::same_bits;

Values random_values(int64_t count, uint64_t seed) {
  PhiloxStream random(seed, 0);
  Values out(static_cast<size_t>(count));
  for (float& x : out) x = static_cast<float>(random.uniform() * 4 - 2);
  return out;
}

// Numbers 0, ..., count - 1 in an order of their own.
std::vector<int32_t> shuffled(int32_t count, uint64_t seed) {
  std::vector<int32_t> out(static_cast<size_t>(count));
  std::iota(out.begin(), out.end(), 0);
  PhiloxStream random(seed, 1);
  for (uint32_t i = static_cast<uint32_t>(count); i > 1; --i) std::swap(out[i - 1], out[random.below(i)]);
  return out;
}

struct Shape {
  int64_t heads, kv_heads, key_dim, value_dim;
  KvShape kv() const { return {kv_heads, key_dim, value_dim}; }
};

// Spans of a call and where their blocks lie. Rows of the spans follow one another.
struct Layout {
  std::vector<std::vector<int32_t>> blocks;
  std::vector<AttentionSpan> spans;
  std::vector<int32_t> families{0};
  int32_t num_blocks = 0, rows = 0;

  // One family: a prompt and `samples` that continue it, each with a copy of the prompt's last, unfilled block.
  void add(int32_t prompt, const std::vector<int32_t>& samples) {
    blocks.push_back(fresh(0, prompt));
    append_span(prompt, 0);
    const std::vector<int32_t> shared(blocks.back().begin(), blocks.back().begin() + prompt / kAttentionBlock);
    for (const int32_t rows_of : samples) {
      blocks.push_back(shared);
      const auto own = fresh(prompt / kAttentionBlock * kAttentionBlock, prompt + rows_of);
      blocks.back().insert(blocks.back().end(), own.begin(), own.end());
      append_span(rows_of, prompt);
    }
    families.push_back(static_cast<int32_t>(spans.size()));
  }
  // The blocks trade places in the cache. No span may be added after that.
  void shuffle(uint64_t seed) {
    const auto place = shuffled(num_blocks, seed);
    for (size_t s = 0; s < spans.size(); ++s) {
      for (int32_t& block : blocks[s]) block = place[block];
      spans[s].blocks = blocks[s].data();
    }
  }

 private:
  std::vector<int32_t> fresh(int32_t position, int32_t end) {
    std::vector<int32_t> out;
    for (; position < end; position += kAttentionBlock) out.push_back(num_blocks++);
    return out;
  }
  void append_span(int32_t num_rows, int32_t position) {
    spans.push_back({rows, num_rows, position, nullptr});
    rows += num_rows;
  }
};

template <class C>
class CudaAttention : public testing::Test {
 protected:
  static constexpr DType kCompact = std::is_same_v<C, float> ? DType::kF32 : DType::kBf16;
  void TearDown() override { EXPECT_EQ(device_.report(), ""); }

  struct Cache {
    std::vector<C> keys, values;
    C *device_keys = nullptr, *device_values = nullptr;
  };
  static C nan() {
    if constexpr (std::is_same_v<C, float>) return std::numeric_limits<float>::quiet_NaN();
    else return 0x7FC0;
  }

  // Keys and values of the layout's rows, on both sides; a sample's own block begins with a copy of the prompt's tail.
  // Slots without a row hold NaN.
  Cache fill_cache(const Shape& s, const Layout& layout) {
    Cache cache{std::vector<C>(layout.num_blocks * s.kv().key_elements(), nan()),
                std::vector<C>(layout.num_blocks * s.kv().value_elements(), nan())};
    const auto key = random_values(layout.rows * s.kv_heads * s.key_dim, 11);
    const auto value = random_values(layout.rows * s.kv_heads * s.value_dim, 12);
    KvAppendArgs a{s.kv(), key.data(),  s.kv_heads * s.key_dim, s.key_dim, s.key_dim, nullptr, 0, 0,
                   value.data(), s.kv_heads * s.value_dim, s.value_dim, layout.spans.data(),
                   static_cast<int64_t>(layout.spans.size()), cache.keys.data(), cache.values.data()};
    cpu_.kv_append(a, stream_);
    for (size_t f = 0; f + 1 < layout.families.size(); ++f)
      for (int32_t i = layout.families[f] + 1; i < layout.families[f + 1]; ++i) {
        const AttentionSpan &prompt = layout.spans[layout.families[f]], &span = layout.spans[i];
        const int32_t at = span.position / kAttentionBlock, tail = span.position % kAttentionBlock;
        if (tail > 0)
          cpu_.kv_copy({s.kv(), cache.keys.data(), cache.values.data(), prompt.blocks[at], span.blocks[at], tail},
                       stream_);
      }
    cache.device_keys = device_.upload(cache.keys);
    cache.device_values = device_.upload(cache.values);
    return cache;
  }

  static AttentionArgs arguments(const Shape& s, const std::vector<AttentionSpan>& spans) {
    AttentionArgs a;
    a.shape = s.kv();
    a.q_stride = s.heads * s.key_dim + 1;
    a.out_stride = s.heads * s.value_dim + 2;
    a.heads = s.heads;
    a.scale = 1 / std::sqrt(static_cast<double>(s.key_dim));
    a.spans = spans.data();
    a.num_spans = static_cast<int64_t>(spans.size());
    return a;
  }

  test::Device device_{7};
  ThreadTeam team_{1};
  const Stream stream_{&team_};
  const Backend& cpu_ = chain_backend(kCompact);
};

using Types = testing::Types<float, uint16_t>;
TYPED_TEST_SUITE(CudaAttention, Types);

// |got - want| <= tolerance * the largest of |want| in the row, which has `cols` columns and `stride` from row to row.
void expect_near(const Values& got, const Values& want, int64_t cols, int64_t stride, double tolerance,
                 const char* what) {
  for (size_t row = 0; row + cols <= want.size(); row += stride) {
    double size = 0;
    for (int64_t c = 0; c < cols; ++c) size = std::max(size, std::fabs(static_cast<double>(want[row + c])));
    for (int64_t c = 0; c < cols; ++c)
      ASSERT_NEAR(got[row + c], want[row + c], tolerance * size) << what << " " << row / stride << ", " << c;
  }
}

// Grouped heads from 1 to 8, keys and values of several widths, MLA expanded and absorbed.
const Shape kShapes[] = {{1, 1, 1, 1},   {3, 1, 7, 5},    {4, 2, 16, 16},   {7, 1, 64, 64}, {6, 3, 33, 17},
                         {8, 1, 80, 96}, {2, 2, 192, 128}, {5, 1, 576, 512}};

TYPED_TEST(CudaAttention, RowsAreTheCpus) {
  using C = TypeParam;
  for (const Shape& s : kShapes) {
    Layout layout;
    for (const int32_t length : {1, 16, 17}) layout.add(length, {});
    layout.add(21, {3, 1});
    if (s.heads * s.key_dim < 100) layout.add(300, {});
    layout.shuffle(5);
    const auto cache = this->fill_cache(s, layout);
    AttentionArgs a = this->arguments(s, layout.spans);
    const Values q = random_values(layout.rows * a.q_stride, 13);
    Values out(layout.rows * a.out_stride), log_sums(layout.rows * s.heads);
    float *device_out = this->device_.upload(out), *device_log_sums = this->device_.upload(log_sums);
    a.q = this->device_.upload(q);
    a.keys = cache.device_keys, a.values = cache.device_values, a.out = device_out, a.log_sums = device_log_sums;
    attention<C>(a, this->stream_);
    a.q = q.data();
    a.keys = cache.keys.data(), a.values = cache.values.data(), a.out = out.data(), a.log_sums = log_sums.data();
    this->cpu_.attention(a, this->stream_);
    SCOPED_TRACE(testing::Message() << s.heads << " heads, keys of " << s.key_dim);
    expect_near(this->device_.download(device_out, out.size()), out, s.heads * s.value_dim, a.out_stride, 1e-5, "out");
    if (this->kCompact == DType::kBf16)
      expect_near(this->device_.download(device_log_sums, log_sums.size()), log_sums, s.heads, s.heads, 1e-5, "log");
  }
}

// Whole: a block of threads has all chunks of its rows. In parts, and row by row: each chunk has its own.
TYPED_TEST(CudaAttention, RowsDoNotDependOnTheCall) {
  using C = TypeParam;
  const Shape s{2, 1, 3, 2};
  constexpr int32_t kRows = 1030;
  Layout layout;
  layout.add(kRows, {});
  layout.add(9, {});
  layout.shuffle(6);
  const auto cache = this->fill_cache(s, layout);
  AttentionArgs a = this->arguments(s, layout.spans);
  a.keys = cache.device_keys, a.values = cache.device_values;
  const Values q = random_values(layout.rows * a.q_stride, 14);
  const auto run = [&](const std::vector<AttentionSpan>& spans) {
    Values out(layout.rows * a.out_stride), log_sums(layout.rows * s.heads);
    float *device_out = this->device_.upload(out), *device_log_sums = this->device_.upload(log_sums);
    float* device_q = this->device_.upload(q);
    a.q = device_q, a.out = device_out, a.log_sums = device_log_sums;
    a.spans = spans.data(), a.num_spans = static_cast<int64_t>(spans.size());
    attention<C>(a, this->stream_);
    out = this->device_.download(device_out, out.size());
    log_sums = this->device_.download(device_log_sums, log_sums.size());
    for (float* data : {device_q, device_out, device_log_sums}) this->device_.release(data);
    out.insert(out.end(), log_sums.begin(), log_sums.end());
    return out;
  };
  const Values whole = run(layout.spans);
  const auto expect_rows = [&](const Values& part, int32_t first, int32_t count) {
    const auto same = [&](int64_t begin, int64_t size) {
      return std::memcmp(&part[begin], &whole[begin], size * sizeof(float)) == 0;
    };
    const int64_t logs = layout.rows * a.out_stride;
    for (int32_t r = first; r < first + count; ++r)
      ASSERT_TRUE(same(r * a.out_stride, s.heads * s.value_dim) && same(logs + r * s.heads, s.heads)) << "row " << r;
  };
  const int32_t* blocks = layout.spans[0].blocks;
  for (const auto& [first, count] : std::vector<std::pair<int32_t, int32_t>>{
           {0, 1}, {15, 1}, {16, 1}, {511, 1}, {512, 1}, {1029, 1}, {3, 30}, {500, 40}}) {
    const std::vector<AttentionSpan> spans{{first, count, first, blocks}, {kRows, 9, 0, layout.spans[1].blocks}};
    const Values part = run(spans);
    expect_rows(part, first, count);
    expect_rows(part, kRows, 9);
  }
}

// What is beyond a row in its own tile does not touch it, even where it is no number.
TYPED_TEST(CudaAttention, LaterPositionsAreNotSeen) {
  using C = TypeParam;
  const Shape s{2, 1, 8, 8};
  Layout layout;
  layout.add(20, {});
  layout.shuffle(8);
  auto cache = this->fill_cache(s, layout);
  AttentionArgs a = this->arguments(s, layout.spans);
  a.keys = cache.device_keys;
  a.q = this->device_.upload(random_values(layout.rows * a.q_stride, 15));
  std::vector<Values> outs;
  for (int round = 0; round < 2; ++round) {
    float* out = this->device_.upload(Values(layout.rows * a.out_stride));
    a.values = this->device_.upload(cache.values), a.out = out;
    attention<C>(a, this->stream_);
    outs.push_back(this->device_.download(out, 19 * a.out_stride));
    C* value = &cache.values[layout.spans[0].blocks[1] * s.kv().value_elements() + 3 * s.value_dim];
    std::fill_n(value, s.value_dim, this->nan());
  }
  EXPECT_TRUE(same_bits(outs[0], outs[1]));
}

struct Gradients {
  Values q, keys, values;
};

TYPED_TEST(CudaAttention, GradientsAreTheCpus) {
  using C = TypeParam;
  // In bf16 the gradient of a score is rounded for the products, and a last bit of dout . out decides which way.
  const double tolerance = std::is_same_v<C, float> ? 1e-5 : 1e-3;
  for (const Shape& s : kShapes) {
    Layout layout;
    layout.add(1, {1, 2});
    layout.add(16, {5, 17});
    if (s.heads * s.key_dim < 500) layout.add(37, {9, 1});
    layout.shuffle(9);
    const auto cache = this->fill_cache(s, layout);
    AttentionBackwardArgs b;
    AttentionArgs& a = b.forward;
    a = this->arguments(s, layout.spans);
    b.families = layout.families.data();
    b.num_families = static_cast<int64_t>(layout.families.size()) - 1;
    const Values q = random_values(layout.rows * a.q_stride, 16), dout = random_values(layout.rows * a.out_stride, 17);
    Values out(dout.size()), log_sums(layout.rows * s.heads);
    Gradients want{Values(q.size()), Values(layout.num_blocks * s.kv().key_elements()),
                   Values(layout.num_blocks * s.kv().value_elements())};
    a.q = this->device_.upload(q), a.out = this->device_.upload(out), a.log_sums = this->device_.upload(log_sums);
    a.keys = cache.device_keys, a.values = cache.device_values;
    float *dq = this->device_.upload(want.q), *dkeys = this->device_.template output<float>(want.keys.size());
    float* dvalues = this->device_.template output<float>(want.values.size());
    b.dout = this->device_.upload(dout), b.dq = dq, b.dkeys = dkeys, b.dvalues = dvalues;
    attention<C>(a, this->stream_);
    attention_backward<C>(b, this->stream_);
    a.q = q.data(), a.out = out.data(), a.log_sums = log_sums.data();
    a.keys = cache.keys.data(), a.values = cache.values.data();
    b.dout = dout.data(), b.dq = want.q.data(), b.dkeys = want.keys.data(), b.dvalues = want.values.data();
    this->cpu_.attention(a, this->stream_);
    this->cpu_.attention_backward(b, this->stream_);
    SCOPED_TRACE(testing::Message() << s.heads << " heads, keys of " << s.key_dim);
    // A gradient is a difference: its rounding goes with the largest of all.
    const auto expect_all = [&](const float* got, const Values& all, const char* what) {
      const auto size = static_cast<int64_t>(all.size());
      expect_near(this->device_.download(got, size), all, size, size, tolerance, what);
    };
    expect_all(dq, want.q, "dq");
    expect_all(dkeys, want.keys, "dkeys");
    expect_all(dvalues, want.values, "dvalues");
  }
}

}  // namespace
}  // namespace hone::kernels::cuda
