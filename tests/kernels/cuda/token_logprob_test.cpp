// Log-probabilities of tokens on the device against the CPU's.
#include "kernels/cuda/token_logprob.h"

#include <gtest/gtest.h>

#include <cmath>
#include <type_traits>
#include <vector>

#include "kernels/cuda/gemm.h"
#include "kernels/cuda/panels.h"
#include "tests/kernels/cuda/twins.h"

namespace hone::kernels::cuda {
namespace {

using Values = std::vector<float>;
using test::chain_backend;
using test::random_values;

struct Case {
  int64_t vocabulary, cols, rows, count;
  double inverse_temperature;
  bool entropy_gradient = true;
};

// A head and rows, on both sides.
template <class C>
class CudaTokenLogprob : public testing::Test {
 protected:
  static constexpr DType kCompact = std::is_same_v<C, float> ? DType::kF32 : DType::kBf16;
  void TearDown() override { EXPECT_EQ(device_.report(), ""); }

  struct Problem {
    Values hidden, head;
    std::vector<int32_t> row, target;
    std::vector<C> panels, panels_grad;  // the CPU's
  };
  Problem make_problem(const Case& c) {
    Problem p{random_values(c.rows * c.cols, 1), random_values(c.vocabulary * c.cols, 2), {}, {}, {}, {}};
    for (float& x : p.head) x *= 4 / std::sqrt(static_cast<float>(c.cols));
    for (int64_t i = 0; i < c.count; ++i) {
      p.row.push_back(static_cast<int32_t>(i * 7 % c.rows));
      p.target.push_back(static_cast<int32_t>((i * 1009 + c.vocabulary - 1) % c.vocabulary));
    }
    for (const bool transpose : {true, false}) {
      const int64_t k = transpose ? c.cols : c.vocabulary, n = transpose ? c.vocabulary : c.cols;
      auto& panels = transpose ? p.panels : p.panels_grad;
      panels.resize(panel_elements(k, n, cpu_.panel_cols, cpu_.panel_depth));
      cpu_.pack_panels({p.head.data(), c.vocabulary, c.cols, 1, 0, panels.data(), transpose}, stream_);
    }
    return p;
  }
  const C* device_panels(const Case& c, const float* head, bool transpose) {
    const int64_t k = transpose ? c.cols : c.vocabulary, n = transpose ? c.vocabulary : c.cols;
    C* panels = device_.template output<C>(panel_elements(k, n, kPanelCols, kPanelDepth<C>));
    pack_panels<C>({head, c.vocabulary, c.cols, 1, 0, panels, transpose}, stream_);
    return panels;
  }

  struct Results {
    Values logprob, entropy, normalizer;
    explicit Results(int64_t count) : logprob(count), entropy(count), normalizer(count) {}
  };
  static TokenLogprobArgs cpu_args(const Case& c, const Problem& p, Results& r) {
    return {p.hidden.data(), c.cols, p.panels.data(), c.vocabulary, p.row.data(), p.target.data(), c.count,
            c.inverse_temperature, r.logprob.data(), r.entropy.data(), r.normalizer.data()};
  }
  // `head` on the device.
  TokenLogprobArgs device_args(const Case& c, const Problem& p, const float* head) {
    return {device_.upload(p.hidden),
            c.cols,
            device_panels(c, head, true),
            c.vocabulary,
            device_.upload(p.row),
            device_.upload(p.target),
            c.count,
            c.inverse_temperature,
            device_.template output<float>(c.count),
            device_.template output<float>(c.count),
            device_.template output<float>(c.count)};
  }
  Results fetch(const TokenLogprobArgs& a) {
    Results r(0);
    r.logprob = device_.download(static_cast<const float*>(a.logprob), a.count);
    r.entropy = device_.download(static_cast<const float*>(a.entropy), a.count);
    r.normalizer = device_.download(static_cast<const float*>(a.log_normalizer), a.count);
    return r;
  }

  test::Device device_{11};
  ThreadTeam team_{1};
  const Stream stream_{&team_};
  const Backend& cpu_ = chain_backend(kCompact);
};

using Types = testing::Types<float, uint16_t>;
TYPED_TEST_SUITE(CudaTokenLogprob, Types);

// Relative to the largest: a row's numbers are sums of its logits.
void expect_close(const Values& got, const Values& want, int64_t cols, double tolerance, const char* what) {
  for (size_t row = 0; row < want.size(); row += cols) {
    double size = 0;
    for (int64_t c = 0; c < cols; ++c) size = std::max(size, std::fabs(static_cast<double>(want[row + c])));
    for (int64_t c = 0; c < cols; ++c)
      ASSERT_NEAR(got[row + c], want[row + c], tolerance * size) << what << " " << row / cols << ", " << c;
  }
}

TYPED_TEST(CudaTokenLogprob, RowsAreTheCpus) {
  for (const Case& c : {Case{1, 5, 2, 2, 1.0}, {17, 9, 4, 19, 0.5}, {192, 64, 3, 3, 1.25}, {1000, 130, 20, 17, 1.0},
                        {152064, 4, 2, 2, 1.0}}) {
    const auto p = this->make_problem(c);
    typename TestFixture::Results want(c.count);
    this->cpu_.token_logprob(this->cpu_args(c, p, want), this->stream_);
    const TokenLogprobArgs a = this->device_args(c, p, this->device_.upload(p.head));
    token_logprob<TypeParam>(a, this->stream_);
    const auto got = this->fetch(a);
    SCOPED_TRACE(testing::Message() << "vocabulary of " << c.vocabulary);
    expect_close(got.logprob, want.logprob, c.count, 1e-5, "log-probability");
    expect_close(got.entropy, want.entropy, c.count, 1e-5, "entropy");
    expect_close(got.normalizer, want.normalizer, c.count, 1e-5, "normalizer");
  }
}

// Alone, among others in another order, and behind a thousand others.
TYPED_TEST(CudaTokenLogprob, RowsDoNotDependOnTheCall) {
  const Case c{130, 6, 50, 1030, 0.9};
  const auto p = this->make_problem(c);
  const float* head = this->device_.upload(p.head);
  const TokenLogprobArgs all = this->device_args(c, p, head);
  token_logprob<TypeParam>(all, this->stream_);
  const auto want = this->fetch(all);
  for (const auto& [first, count] : {std::pair{0, 1}, {5, 17}, {1020, 10}}) {
    TokenLogprobArgs a = all;
    a.row += first, a.target += first, a.count = count;
    token_logprob<TypeParam>(a, this->stream_);
    const auto got = this->fetch(a);
    for (int64_t i = 0; i < count; ++i) {
      EXPECT_EQ(got.logprob[i], want.logprob[first + i]);
      EXPECT_EQ(got.entropy[i], want.entropy[first + i]);
      EXPECT_EQ(got.normalizer[i], want.normalizer[first + i]);
    }
  }
}

TYPED_TEST(CudaTokenLogprob, GradientsAreTheCpus) {
  using C = TypeParam;
  // In bf16 the gradient of a logit is rounded for the products, and its last bit decides which way.
  const double tolerance = std::is_same_v<C, float> ? 1e-5 : 1e-4;
  const Case cases[] = {
      {1, 3, 2, 2, 1.0}, {17, 9, 6, 19, 0.5}, {17, 4, 700, 2060, 1.0}, {2100, 70, 9, 9, 1.25, false}};
  for (const Case& c : cases) {
    const auto p = this->make_problem(c);
    const Values dlogprob = random_values(c.count, 3), dentropy = random_values(c.count, 4);
    Values dhidden = random_values(c.rows * c.cols, 5), dhead = random_values(c.vocabulary * c.cols, 6);
    typename TestFixture::Results results(c.count);
    TokenLogprobBackwardArgs b;
    const float* head = this->device_.upload(p.head);
    float *device_dhidden = this->device_.upload(dhidden), *device_dhead = this->device_.upload(dhead);
    b.forward = this->device_args(c, p, head);
    b.panels_grad = this->device_panels(c, head, false);
    b.dlogprob = this->device_.upload(dlogprob);
    b.dentropy = c.entropy_gradient ? this->device_.upload(dentropy) : nullptr;
    b.dhidden = device_dhidden, b.dhead = device_dhead;
    token_logprob<C>(b.forward, this->stream_);
    token_logprob_backward<C>(b, this->stream_);
    b.forward = this->cpu_args(c, p, results);
    b.panels_grad = p.panels_grad.data();
    b.dlogprob = dlogprob.data();
    b.dentropy = c.entropy_gradient ? dentropy.data() : nullptr;
    b.dhidden = dhidden.data(), b.dhead = dhead.data();
    this->cpu_.token_logprob(b.forward, this->stream_);
    this->cpu_.token_logprob_backward(b, this->stream_);
    SCOPED_TRACE(testing::Message() << "vocabulary of " << c.vocabulary << ", " << c.count << " targets");
    expect_close(this->device_.download(device_dhidden, dhidden.size()), dhidden, c.cols, tolerance, "dhidden");
    expect_close(this->device_.download(device_dhead, dhead.size()), dhead, c.cols, tolerance, "dhead");
  }
}

}  // namespace
}  // namespace hone::kernels::cuda
