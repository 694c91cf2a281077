// The products of hone against LibTorch's, at the sizes of small policies. See tests/bench/README.md.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>
#include <c10/core/InferenceMode.h>

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/philox.h"
#include "kernels/backend.h"

namespace hone::bench {
namespace {

constexpr int kRounds = 60;

std::vector<float> random_values(int64_t count, uint64_t seed) {
  PhiloxStream random(seed, 0);
  std::vector<float> out(static_cast<size_t>(count));
  for (float& x : out) x = static_cast<float>(random.uniform() - 0.5);
  return out;
}

// Of this thread's own work: what other programs do counts little. With more than one thread, of the wall clock.
double now(int threads) {
  timespec t;
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

template <class F>
double seconds_of(const F& f, int calls, int threads) {
  const double start = now(threads);
  for (int i = 0; i < calls; ++i) f();
  return (now(threads) - start) / calls;
}

// One slice of measuring. Threads of the other library that still spin for work would take a core from this one: they
// get time to fall asleep, and the first call wakes our own.
template <class F>
double measure(const F& f, int calls, int threads) {
  if (threads > 1) std::this_thread::sleep_for(std::chrono::milliseconds(3));
  f();
  return seconds_of(f, calls, threads);
}

struct Best {
  double ours = 1e9, theirs = 1e9;
};

// One slice of measuring. Threads of the other library that still spin for work would take a core from this one: they
// get time to fall asleep, and the first call wakes our own.
template <class F>
double measure(const F& f, int calls) {
  std::this_thread::sleep_for(std::chrono::milliseconds(3));
  f();
  return seconds_of(f, calls);
}

// In turns, so that what else runs on the machine disturbs both; the best of many rounds of each.
template <class Ours, class Theirs>
Best compare(int threads, const Ours& ours, const Theirs& theirs) {
  const int calls = std::max(1, static_cast<int>(2e-4 / std::max(1e-7, seconds_of(ours, 3, threads))));
  Best best;
  for (int round = 0; round < kRounds; ++round) {
    best.ours = std::min(best.ours, measure(ours, calls, threads));
    best.theirs = std::min(best.theirs, measure(theirs, calls, threads));
  }
  return best;
}

void print(const char* what, int64_t m, int64_t nk, Best best) {
  const double flops = 2.0 * static_cast<double>(m * nk * nk);
  std::printf("%-12s M %5ld  K = N %5ld  hone %6.1f GFLOP/s  torch %6.1f GFLOP/s  hone/torch %.2f\n", what, m, nk,
              flops / best.ours * 1e-9, flops / best.theirs * 1e-9, best.theirs / best.ours);
}

void bench_shape(const kernels::Backend& backend, const kernels::Stream& stream, int64_t m, int64_t nk) {
  auto x = random_values(m * nk, 1), w = random_values(nk * nk, 2), dy = random_values(m * nk, 3);
  std::vector<float> panels(
      static_cast<size_t>(kernels::panel_elements(nk, nk, backend.panel_cols, backend.panel_depth)));
  std::vector<float> y(x.size()), dw(w.size());
  backend.pack_panels({w.data(), nk, nk, 1, nk * nk, panels.data(), true}, stream);
  const at::Tensor tx = at::from_blob(x.data(), {m, nk}), tw = at::from_blob(w.data(), {nk, nk});
  const at::Tensor tdy = at::from_blob(dy.data(), {m, nk});
  at::Tensor ty = at::mm(tx, tw.t()), tdw = at::mm(tdy.t(), tx);
  const kernels::GemmArgs forward{x.data(), nk, panels.data(), y.data(), nk, m, nk, nk};
  const kernels::GemmGradWeightArgs backward{dy.data(), nk, x.data(), nk, dw.data(), nk, m, nk, nk};
  const int threads = stream.team->size();
  print("x w^T", m, nk, compare(threads, [&] { backend.gemm(forward, stream); }, [&] { at::mm_out(ty, tx, tw.t()); }));
  print("dy^T x", m, nk,
        compare(threads, [&] { backend.gemm_grad_weight(backward, stream); }, [&] { tdw.addmm_(tdy.t(), tx); }));
}

void run(int threads) {
  at::set_num_threads(threads);
  const c10::InferenceMode guard;
  ThreadTeam team(threads);
  for (int64_t nk : {64, 256, 1024})
    for (int64_t m : {64, 128, 512, 4096})
      bench_shape(kernels::cpu_backend(kernels::DType::kF32), {&team}, m, nk);
}

}  // namespace
}  // namespace hone::bench

// gemm_bench [threads]
int main(int argc, char** argv) { hone::bench::run(argc > 1 ? std::max(1, std::atoi(argv[1])) : 2); }
