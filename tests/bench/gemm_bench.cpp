// The products of hone against LibTorch's and against memory, at the sizes of small policies and of Qwen2.5-0.5B. See
// tests/bench/README.md.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>
#include <c10/core/InferenceMode.h>

#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <thread>
#include <vector>

#include "base/philox.h"
#include "kernels/backend.h"

namespace hone::bench {
namespace {

constexpr int kRounds = 20;

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

struct Shape {
  int64_t m, k, n;
};

void print(const char* what, Shape s, Best best) {
  const double flops = 2.0 * static_cast<double>(s.m * s.k * s.n);
  std::printf("%-7s M %5ld  K %5ld  N %6ld  hone %6.1f GFLOP/s  torch %6.1f GFLOP/s  hone/torch %.2f\n", what, s.m,
              s.k, s.n, flops / best.ours * 1e-9, flops / best.theirs * 1e-9, best.theirs / best.ours);
}

// In bf16 torch's products give bf16, hone's f32.
void bench_shape(const kernels::Backend& backend, const kernels::Stream& stream, Shape s) {
  auto x = random_values(s.m * s.k, 1), w = random_values(s.n * s.k, 2), dy = random_values(s.m * s.n, 3);
  const int64_t elements = kernels::panel_elements(s.k, s.n, backend.panel_cols, backend.panel_depth);
  std::vector<char> panels(static_cast<size_t>(elements) * kernels::size_of(backend.compact));
  std::vector<float> y(dy.size()), dw(w.size());
  backend.pack_panels({w.data(), s.n, s.k, 1, s.n * s.k, panels.data(), true}, stream);
  const auto type = backend.compact == kernels::DType::kBf16 ? at::kBFloat16 : at::kFloat;
  const at::Tensor tx = at::from_blob(x.data(), {s.m, s.k}).to(type), tw = at::from_blob(w.data(), {s.n, s.k}).to(type);
  const at::Tensor tdy = at::from_blob(dy.data(), {s.m, s.n}).to(type);
  at::Tensor ty = at::mm(tx, tw.t()), tdw = at::mm(tdy.t(), tx);
  const kernels::GemmArgs forward{x.data(), s.k, panels.data(), y.data(), s.n, s.m, s.n, s.k};
  const kernels::GemmGradWeightArgs backward{dy.data(), s.n, x.data(), s.k, dw.data(), s.k, s.m, s.n, s.k};
  const int threads = stream.team->size();
  print("x w^T", s,
        compare(threads, [&] { backend.gemm(forward, stream); }, [&] { at::mm_out(ty, tx, tw.t()); }));
  print("dy^T x", s,
        compare(threads, [&] { backend.gemm_grad_weight(backward, stream); }, [&] { tdw.addmm_(tdy.t(), tx); }));
}

// Few rows against weights that no cache holds: bytes of panels a second beside those of plain reading.
void bench_weights(const kernels::Backend& backend, const kernels::Stream& stream) {
  constexpr int64_t kK = 896, kN = 9728, kMatrices = 40, kRead = int64_t{1} << 20;
  const int64_t bytes = kernels::panel_elements(kK, kN, backend.panel_cols, backend.panel_depth) *
                        static_cast<int64_t>(kernels::size_of(backend.compact));
  char* panels = static_cast<char*>(backend.allocate(static_cast<size_t>(bytes * kMatrices)));
  std::memset(panels, 0, static_cast<size_t>(bytes * kMatrices));
  std::atomic<uint64_t> sum{0};
  const auto read = [&] {
    stream.team->parallel_for(bytes * kMatrices / kRead, [&](int64_t task, int) {
      uint64_t words[kRead / 8 / 1024] = {};
      const auto* from = reinterpret_cast<const uint64_t*>(panels + task * kRead);
      for (int64_t i = 0; i < kRead / 8; i += std::ssize(words))
        for (int64_t j = 0; j < std::ssize(words); ++j) words[j] ^= from[i + j];
      for (uint64_t word : words) sum += word;
    });
  };
  for (int64_t m : {1, 8, 32}) {
    const auto x = random_values(m * kK, 1);
    std::vector<float> y(static_cast<size_t>(m * kN));
    const auto products = [&] {
      for (int64_t i = 0; i < kMatrices; ++i)
        backend.gemm({x.data(), kK, panels + i * bytes, y.data(), kN, m, kN, kK}, stream);
    };
    double ours = 1e9, reading = 1e9;
    for (int round = 0; round < 6; ++round) {
      reading = std::min(reading, measure(read, 1, stream.team->size()));
      ours = std::min(ours, measure(products, 1, stream.team->size()));
    }
    const double all = static_cast<double>(bytes * kMatrices) * 1e-9;
    std::printf("weights of %.2f GB, M %2ld: hone %5.1f GB/s  reading %5.1f GB/s  hone/reading %.2f\n", all, m,
                all / ours, all / reading, reading / ours);
  }
  backend.release(panels);
}

void run(int threads) {
  at::set_num_threads(threads);
  const c10::InferenceMode guard;
  ThreadTeam team(threads);
  for (auto compact : {kernels::DType::kF32, kernels::DType::kBf16}) {
    const kernels::Backend& backend = kernels::cpu_backend(compact);
    std::printf("%s, %d threads\n", backend.name, threads);
    for (int64_t nk : {64, 256, 1024})
      for (int64_t m : {64, 128, 512, 4096}) bench_shape(backend, {&team}, {m, nk, nk});
    // Qwen2.5-0.5B: queries, keys and values; output; gate and up; down; a part of the head.
    for (int64_t m : {512, 2048})
      for (Shape s : {Shape{m, 896, 1152}, {m, 896, 896}, {m, 896, 9728}, {m, 4864, 896}, {m, 896, 16384}})
        bench_shape(backend, {&team}, s);
    bench_weights(backend, {&team});
  }
}

}  // namespace
}  // namespace hone::bench

// gemm_bench [threads]
int main(int argc, char** argv) { hone::bench::run(argc > 1 ? std::max(1, std::atoi(argv[1])) : 2); }
