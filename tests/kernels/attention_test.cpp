// Attention against plain double loops, and its bits however a sequence is cut into calls.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/philox.h"
#include "kernels/backend.h"
#include "tests/support/cpu_backends.h"

namespace hone::kernels {
namespace {

std::vector<float> random_values(size_t count, uint64_t seed) {
  PhiloxStream random(seed, 0);
  std::vector<float> out(count);
  for (float& x : out) x = static_cast<float>(random.uniform() * 4 - 2);
  return out;
}

// To the nearest bf16, ties to even.
float rounded(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000;
  std::memcpy(&x, &bits, 4);
  return x;
}

struct Shape {
  int64_t heads, kv_heads, key_dim, value_dim;
};
const Shape kShapes[] = {{1, 1, 2, 1},   {3, 1, 7, 5},   {4, 2, 16, 16},   {14, 2, 64, 64},
                         {6, 3, 33, 17}, {8, 8, 80, 96}, {2, 2, 192, 128}, {5, 1, 576, 512}};

// Queries, keys and values of sequences one after another: row r is position r of its sequence.
struct Data {
  Shape s;
  std::vector<float> q, k, v;  // [rows][heads or kv_heads][dim]
  Data(const Shape& shape, int64_t rows, uint64_t seed)
      : s(shape),
        q(random_values(rows * s.heads * s.key_dim, seed)),
        k(random_values(rows * s.kv_heads * s.key_dim, seed + 1)),
        v(random_values(rows * s.kv_heads * s.value_dim, seed + 2)) {}
};

class AttentionTest : public testing::TestWithParam<const Backend*> {
 protected:
  bool bf16() const { return b_.compact == DType::kBf16; }
  // The largest error relative to the sum of absolute terms.
  double tolerance() const { return bf16() ? 0x1p-7 : 1e-5; }
  // What a product makes of its input.
  double input(float x) const { return bf16() ? rounded(x) : x; }

  // Blocks of `num_blocks`, every bit set: NaN wherever nothing was written.
  struct Cache {
    KvShape shape;
    std::vector<char> keys, values;
  };
  Cache make_cache(const Shape& s, int64_t num_blocks) const {
    const KvShape shape{s.kv_heads, s.key_dim, s.value_dim};
    const size_t size = size_of(b_.compact);
    return {shape, std::vector<char>(num_blocks * shape.key_elements() * size, '\xFF'),
            std::vector<char>(num_blocks * shape.value_elements() * size, '\xFF')};
  }

  // Rows of the call lie in `d` from row `first` on. Keys come in two parts.
  void append(const Data& d, int64_t first, const std::vector<AttentionSpan>& spans, Cache& cache,
              ThreadTeam& team) const {
    const int64_t kd = d.s.key_dim, vd = d.s.value_dim, kv = d.s.kv_heads, part = (kd + 1) / 2;
    const float* k = d.k.data() + first * kv * kd;
    b_.kv_append({cache.shape, k, kv * kd, kd, part, k + part, kv * kd, kd, d.v.data() + first * kv * vd, kv * vd, vd,
                  spans.data(), static_cast<int64_t>(spans.size()), cache.keys.data(), cache.values.data()},
                 {&team});
  }

  AttentionArgs args(const Data& d, int64_t first, const std::vector<AttentionSpan>& spans, const Cache& cache,
                     float* out, float* log_sums) const {
    const int64_t kd = d.s.key_dim, vd = d.s.value_dim, h = d.s.heads;
    AttentionArgs a{cache.shape, d.q.data() + first * h * kd, h * kd, out + first * h * vd, h * vd, h, scale(d.s)};
    a.spans = spans.data();
    a.num_spans = static_cast<int64_t>(spans.size());
    a.keys = cache.keys.data();
    a.values = cache.values.data();
    if (log_sums) a.log_sums = log_sums + first * h;
    return a;
  }
  static double scale(const Shape& s) { return 1 / std::sqrt(static_cast<double>(s.key_dim)); }

  const Backend& b_ = *GetParam();
};

// Attention of one row and head over positions [0, length) in doubles; position j's key and value are row rows[j].
struct Oracle {
  std::vector<double> p, out, size;  // size: sums of absolute terms
  template <class Input>
  Oracle(const Data& d, const std::vector<int64_t>& rows, int64_t length, int64_t row, int64_t head, const Input& input)
      : p(length), out(d.s.value_dim), size(d.s.value_dim) {
    const Shape& s = d.s;
    const int64_t kv = head / (s.heads / s.kv_heads);
    double largest = -INFINITY, sum = 0;
    for (int64_t j = 0; j < length; ++j) {
      double score = 0;
      for (int64_t c = 0; c < s.key_dim; ++c)
        score += input(d.q[(row * s.heads + head) * s.key_dim + c]) *
                 input(d.k[(rows[j] * s.kv_heads + kv) * s.key_dim + c]);
      p[j] = score / std::sqrt(static_cast<double>(s.key_dim));
      largest = std::max(largest, p[j]);
    }
    for (double& x : p) sum += x = std::exp(x - largest);
    for (int64_t j = 0; j < length; ++j) {
      p[j] /= sum;
      for (int64_t c = 0; c < s.value_dim; ++c) {
        const double v = input(d.v[(rows[j] * s.kv_heads + kv) * s.value_dim + c]);
        out[c] += p[j] * v;
        size[c] += p[j] * std::fabs(v);
      }
    }
  }
};

std::vector<int64_t> up_to(int64_t n) {
  std::vector<int64_t> out(n);
  for (int64_t i = 0; i < n; ++i) out[i] = i;
  return out;
}

// Blocks of one sequence, scattered over a cache of `num_blocks`.
std::vector<int32_t> scattered(int64_t count, int64_t num_blocks, int64_t first) {
  std::vector<int32_t> out(count);
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<int32_t>((first + i * 7) % num_blocks);
  return out;
}

TEST_P(AttentionTest, OutputsMatchDoubles) {
  ThreadTeam team(2);
  for (const Shape& s : kShapes)
    for (int64_t n : {1, 17, 100, 1100}) {
      if (n > 100 && s.heads * s.key_dim > 1024) continue;
      const Data d(s, n, 1);
      const int64_t num_blocks = 73;
      const auto blocks = scattered((n + 15) / 16, num_blocks, 5);
      const std::vector<AttentionSpan> spans{{0, static_cast<int32_t>(n), 0, blocks.data()}};
      Cache cache = make_cache(s, num_blocks);
      std::vector<float> out(n * s.heads * s.value_dim);
      append(d, 0, spans, cache, team);
      b_.attention(args(d, 0, spans, cache, out.data(), nullptr), {&team});
      for (int64_t row = 0; row<n; row += row> 40 ? 97 : 1)
        for (int64_t h = 0; h < s.heads; ++h) {
          const Oracle o(d, up_to(n), row + 1, row, h, [&](float x) { return input(x); });
          for (int64_t c = 0; c < s.value_dim; ++c)
            ASSERT_NEAR(out[(row * s.heads + h) * s.value_dim + c], o.out[c], tolerance() * o.size[c] + 1e-6)
                << s.key_dim << ", row " << row << " of " << n << ", head " << h << ", column " << c;
        }
    }
}

// A call per `cut` rows, sometimes with another sequence beside.
TEST_P(AttentionTest, RowsDoNotDependOnTheCallOrThreads) {
  for (const Shape& s : kShapes)
    for (int32_t n : {40, 1300}) {
      if (n > 40 && s.heads * s.key_dim > 1024) continue;
      const Data d(s, n, 7);
      const int64_t row_size = s.heads * s.value_dim, num_blocks = 181;
      const auto blocks = scattered(82, num_blocks, 3), other = scattered(82, num_blocks, 3 + 7 * 82);
      std::vector<float> whole(n * row_size), out(n * row_size), logs(n * s.heads), some_logs(n * s.heads);
      Cache cache = make_cache(s, num_blocks);
      ThreadTeam one(1);
      const std::vector<AttentionSpan> all{{0, n, 0, blocks.data()}};
      append(d, 0, all, cache, one);
      b_.attention(args(d, 0, all, cache, whole.data(), logs.data()), {&one});
      for (int32_t cut : {1, 7, 513}) {
        ThreadTeam team(cut == 1 ? 5 : 2);
        Cache paged = make_cache(s, num_blocks);
        for (int32_t at = 0; at < n; at += cut) {
          const int32_t rows = std::min(cut, n - at);
          std::vector<AttentionSpan> spans{{0, rows, at, blocks.data()}};
          if (at % 2 && rows > 3) spans = {{0, rows - 2, at, blocks.data()}, {rows - 2, 2, 0, other.data()}};
          append(d, at, spans, paged, team);
          b_.attention(args(d, at, spans, paged, out.data(), some_logs.data()), {&team});
          if (spans.size() == 1) continue;
          spans = {{0, rows, at, blocks.data()}};
          const int64_t kept = (rows - 2) * row_size;
          ASSERT_EQ(std::memcmp(out.data() + at * row_size, whole.data() + at * row_size, kept * 4), 0) << at;
          append(d, at, spans, paged, team);
          b_.attention(args(d, at, spans, paged, out.data(), some_logs.data()), {&team});
        }
        ASSERT_EQ(std::memcmp(out.data(), whole.data(), out.size() * 4), 0) << s.key_dim << ", by " << cut;
        if (bf16()) {
          ASSERT_EQ(std::memcmp(some_logs.data(), logs.data(), logs.size() * 4), 0);
        }
      }
    }
}

// A prompt and two samples that continue it: the first `shared` rows belong to the prompt.
struct Family {
  int32_t shared, own;
  std::vector<std::vector<int32_t>> blocks;
  std::vector<AttentionSpan> spans;
  std::vector<int32_t> parents{-1, 0, 0}, families{0, 3};
  Family(int32_t prompt, int32_t answer) : shared(prompt), own(answer), blocks(3) {
    int32_t next = 0;
    for (int32_t p = 0; p < prompt; p += 16) blocks[0].push_back(next++);
    for (int s = 1; s < 3; ++s) {
      blocks[s].assign(blocks[0].begin(), blocks[0].begin() + prompt / 16);
      for (int32_t p = prompt / 16 * 16; p < prompt + answer; p += 16) blocks[s].push_back(next++);
    }
    spans = {{0, prompt, 0, blocks[0].data()},
             {prompt, answer, prompt, blocks[1].data()},
             {prompt + answer, answer, prompt, blocks[2].data()}};
  }
  int64_t rows() const { return shared + 2 * own; }
  int64_t num_blocks() const { return blocks[2].back() + 1; }
  // Rows of the positions that `row` sees.
  std::vector<int64_t> seen(int64_t row) const {
    if (row < shared) return up_to(row + 1);
    auto out = up_to(shared);
    for (int64_t r = shared + (row - shared) / own * own; r <= row; ++r) out.push_back(r);
    return out;
  }
};

struct Gradients {
  std::vector<double> q, k, v, q_size, k_size, v_size;
  explicit Gradients(const Data& d)
      : q(d.q.size()), k(d.k.size()), v(d.v.size()), q_size(q.size()), k_size(k.size()), v_size(v.size()) {}

  template <class Input>
  void add(const Data& d, const std::vector<int64_t>& rows, int64_t row, int64_t head, const float* dout,
           const Input& input) {
    const Shape& s = d.s;
    const Oracle o(d, rows, static_cast<int64_t>(rows.size()), row, head, input);
    const int64_t kv = head / (s.heads / s.kv_heads), at = (row * s.heads + head) * s.key_dim;
    const double scale = 1 / std::sqrt(static_cast<double>(s.key_dim));
    double dot = 0, dot_size = 0;
    for (int64_t c = 0; c < s.value_dim; ++c) {
      dot += dout[c] * o.out[c];
      dot_size += std::fabs(dout[c]) * o.size[c];
    }
    for (size_t j = 0; j < rows.size(); ++j) {
      const int64_t key = (rows[j] * s.kv_heads + kv) * s.key_dim, value = (rows[j] * s.kv_heads + kv) * s.value_dim;
      double dp = 0, dp_size = 0;
      for (int64_t c = 0; c < s.value_dim; ++c) {
        const double term = input(dout[c]) * input(d.v[value + c]);
        dp += term;
        dp_size += std::fabs(term);
        v[value + c] += o.p[j] * dout[c];
        v_size[value + c] += o.p[j] * std::fabs(dout[c]);
      }
      const double ds = o.p[j] * (dp - dot) * scale, size = o.p[j] * (dp_size + dot_size) * scale;
      for (int64_t c = 0; c < s.key_dim; ++c) {
        q[at + c] += ds * input(d.k[key + c]);
        q_size[at + c] += size * std::fabs(d.k[key + c]);
        k[key + c] += ds * input(d.q[at + c]);
        k_size[key + c] += size * std::fabs(d.q[at + c]);
      }
    }
  }
};

void expect_near(const std::vector<float>& got, const std::vector<double>& want, const std::vector<double>& size,
                 double tolerance, const char* what) {
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], tolerance * size[i] + 1e-6) << what << " " << i;
}

TEST_P(AttentionTest, GradientsMatchDoubles) {
  const Family families[] = {{1, 1}, {16, 5}, {21, 40}, {530, 20}};
  for (const Shape& s : kShapes)
    for (const Family& f : families) {
      if (f.shared > 100 && s.heads * s.key_dim > 512) continue;
      ThreadTeam team(2);
      const int64_t n = f.rows(), kd = s.key_dim, vd = s.value_dim;
      const Data d(s, n, 11);
      Cache cache = make_cache(s, f.num_blocks());
      std::vector<float> out(n * s.heads * vd), logs(n * s.heads), dq(d.q.size(), NAN), dk(d.k.size()), dv(d.v.size());
      const auto dout = random_values(out.size(), 14);
      std::vector<float> dkeys(f.num_blocks() * cache.shape.key_elements(), NAN);
      std::vector<float> dvalues(f.num_blocks() * cache.shape.value_elements(), NAN);
      append(d, 0, f.spans, cache, team);
      for (int i = 1; i < 3 && f.shared % 16; ++i)
        b_.kv_copy({cache.shape, cache.keys.data(), cache.values.data(), f.blocks[0].back(), f.blocks[i][f.shared / 16],
                    f.shared % 16},
                   {&team});
      const AttentionArgs forward = args(d, 0, f.spans, cache, out.data(), logs.data());
      b_.attention(forward, {&team});
      b_.attention_backward({forward, dout.data(), dq.data(), dkeys.data(), dvalues.data(), f.families.data(), 1},
                            {&team});
      const int64_t part = (kd + 1) / 2, kv = s.kv_heads;
      b_.kv_gather({cache.shape, dk.data(), kv * kd, kd, part, dk.data() + part, kv * kd, kd, dv.data(), kv * vd, vd,
                    f.spans.data(), f.parents.data(), 3, dkeys.data(), dvalues.data()},
                   {&team});
      Gradients want(d);
      for (int64_t row = 0; row < n; ++row)
        for (int64_t h = 0; h < s.heads; ++h)
          want.add(d, f.seen(row), row, h, dout.data() + (row * s.heads + h) * vd, [&](float x) { return input(x); });
      SCOPED_TRACE(testing::Message() << "keys of " << kd << ", prompt of " << f.shared);
      expect_near(dq, want.q, want.q_size, 2 * tolerance(), "dq");
      expect_near(dk, want.k, want.k_size, 2 * tolerance(), "dk");
      expect_near(dv, want.v, want.v_size, 2 * tolerance(), "dv");
    }
}

TEST_P(AttentionTest, CopyTakesTheFirstSlotsOnly) {
  ThreadTeam team(1);
  const Shape s{3, 3, 5, 7};
  const Data d(s, 32, 3);
  const std::vector<int32_t> from{0}, to{1};
  Cache cache = make_cache(s, 2);
  append(d, 0, {{0, 16, 0, from.data()}, {16, 16, 0, to.data()}}, cache, team);
  Data mixed = d;  // the second sequence with the first nine rows of the first
  std::copy_n(d.k.begin(), 9 * 15, mixed.k.begin() + 16 * 15);
  std::copy_n(d.v.begin(), 9 * 21, mixed.v.begin() + 16 * 21);
  Cache expected = make_cache(s, 2);
  append(mixed, 0, {{0, 16, 0, from.data()}, {16, 16, 0, to.data()}}, expected, team);
  b_.kv_copy({cache.shape, cache.keys.data(), cache.values.data(), 0, 1, 9}, {&team});
  EXPECT_EQ(cache.keys, expected.keys);
  EXPECT_EQ(cache.values, expected.values);
}

INSTANTIATE_TEST_SUITE_P(Isa, AttentionTest, testing::ValuesIn(test::cpu_backends({DType::kF32, DType::kBf16})),
                         test::backend_name);

}  // namespace
}  // namespace hone::kernels
