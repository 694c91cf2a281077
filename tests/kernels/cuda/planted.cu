#include "tests/kernels/cuda/planted.h"

#include "kernels/cuda/dialect.h"

namespace hone::test {
namespace {

using namespace kernels::cuda;
using kernels::Stream;

constexpr int kThreads = 128;

std::vector<float> ones(int64_t count) { return std::vector<float>(count, 1.0f); }

// Turns x [blockDim] around within a block.
template <bool kBarrier>
HONE_KERNEL(turn_around)(const float* x, float* y) {
  HONE_SHARED(float, line, kThreads);
  line[threadIdx.x] = 0;
  __syncthreads();
  line[threadIdx.x] = x[threadIdx.x];
  if (kBarrier) __syncthreads();
  y[threadIdx.x] = line[blockDim.x - 1 - threadIdx.x];
}

// A shared array is used a second time while others may still read it.
template <bool kBarrier>
HONE_KERNEL(use_twice)(const float* x, float* y) {
  HONE_SHARED(float, line, kThreads);
  for (int round = 0; round < 2; ++round) {
    line[threadIdx.x] = x[threadIdx.x] + static_cast<float>(round);
    __syncthreads();
    y[threadIdx.x] = line[(threadIdx.x + 1) % blockDim.x];
    if (kBarrier) __syncthreads();
  }
}

// Lanes of one warp pass values through memory.
template <bool kSync>
HONE_KERNEL(pass_in_warp)(float* x) {
  const unsigned lane = threadIdx.x % kWarp, other = threadIdx.x ^ 1;
  x[threadIdx.x] = static_cast<float>(lane);
  if (kSync) __syncwarp();
  const float seen = x[other];
  if (kSync) __syncwarp();
  x[threadIdx.x] = seen;
}

// A shuffle between them moves no memory.
HONE_KERNEL(pass_beside_shuffle)(float* x) {
  x[threadIdx.x] = 1;
  const float one = __shfl_xor_sync(~0u, 1.0f, 1);
  x[threadIdx.x] = x[threadIdx.x ^ 1] + one;
}

// Half the warp synchronizes, all of it passes values.
template <bool kWhole>
HONE_KERNEL(pass_in_half)(float* x) {
  const unsigned lane = threadIdx.x;
  x[lane] = static_cast<float>(lane);
  __syncwarp(lane < 16 ? 0xFFFFu : 0xFFFF0000u);
  const unsigned other = kWhole ? lane ^ 16 : lane ^ 8;
  const float seen = x[other];
  __syncwarp();
  x[lane] = seen;
}

HONE_KERNEL(shift)(const float* x, float* y, int64_t count, int64_t by) {
  const int64_t i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) y[i] = x[i + by];
}

HONE_KERNEL(shift_out)(float* y, int64_t count, int64_t by) {
  const int64_t i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) y[i + by] = 1;
}

HONE_KERNEL(over_shared)(float* y, int past) {
  HONE_SHARED(float, line, kThreads);
  HONE_SHARED(float, next, kThreads);
  line[threadIdx.x + past] = 1;
  next[threadIdx.x] = 1;
  y[threadIdx.x] = next[threadIdx.x];
}

HONE_KERNEL(sum_lanes)(float* y, unsigned mask, unsigned lanes) {
  if (threadIdx.x < lanes) {
    float x = 1;
    for (int d = 16; d > 0; d /= 2) x += __shfl_xor_sync(mask, x, d);
    y[threadIdx.x] = x;
  }
}

// The two halves of a warp meet in two different shuffles.
template <bool kSame>
HONE_KERNEL(two_shuffles)(float* y) {
  float x = 1;
  if (kSame) {
    x = __shfl_sync(~0u, x, 0);
  } else if (threadIdx.x < 16) {
    x = __shfl_sync(~0u, x, 0);
  } else {
    x = __shfl_sync(~0u, x, 1);
  }
  y[threadIdx.x] = x;
}

HONE_KERNEL(vote)(int32_t* y, unsigned mask) {
  y[threadIdx.x] = __any_sync(mask, threadIdx.x == 3) + static_cast<int32_t>(__ballot_sync(mask, threadIdx.x & 1));
}

template <bool kAll>
HONE_KERNEL(barrier_for_some)(float* y) {
  if (kAll || threadIdx.x < 64) __syncthreads();
  y[threadIdx.x] = 1;
}

template <bool kSame>
HONE_KERNEL(two_barriers)(float* y) {
  if (kSame) {
    __syncthreads();
  } else if (threadIdx.x % 2) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  y[threadIdx.x] = 1;
}

// Every block adds to one number.
template <bool kAtomic>
HONE_KERNEL(count_blocks)(int32_t* count) {
  if (threadIdx.x != 0) return;
  if (kAtomic)
    atomicAdd(count, int32_t{1});
  else
    *count += 1;
}

// Blocks read what the first one writes.
HONE_KERNEL(read_first)(float* x, unsigned writer) {
  if (blockIdx.x == writer) x[0] = 2;
  if (blockIdx.x != writer) x[1 + blockIdx.x] = x[0];
}

// Many readers, then a writer that only some of them are ordered before.
template <bool kBarrier>
HONE_KERNEL(read_then_write)(float* x) {
  HONE_SHARED(float, first, 1);
  if (threadIdx.x == 5) first[0] = 1;
  __syncthreads();
  const float seen = first[0];
  if (kBarrier) __syncthreads();
  if (threadIdx.x == 77) first[0] = seen + 1;
  x[threadIdx.x] = seen;
}

HONE_KERNEL(read_shared)(float* y, unsigned written) {
  HONE_SHARED(float, line, kThreads);
  if (threadIdx.x < written) line[threadIdx.x] = 1;
  __syncthreads();
  y[threadIdx.x] = line[threadIdx.x];
}

HONE_KERNEL(add_in_place)(float* y) { y[threadIdx.x] += 1; }

HONE_KERNEL(much_shared)(float* y) {
  HONE_SHARED(float, first, 8192);
  HONE_SHARED(float, second, 4097);
  first[threadIdx.x] = second[threadIdx.x] = 1;
  y[threadIdx.x] = first[threadIdx.x];
}

// One block, from ones to a result.
template <void (*kKernel)(const float*, float*)>
void one_block(EmulatedDevice& d) {
  HONE_LAUNCH(Stream{}, 1, kThreads, kKernel, d.upload(ones(kThreads)), d.output<float>(kThreads));
}

template <void (*kKernel)(float*), int kBlock = kThreads>
void in_place(EmulatedDevice& d) {
  HONE_LAUNCH(Stream{}, 1, kBlock, kKernel, d.upload(ones(kBlock)));
}

// 100 elements in two blocks of 64, shifted.
template <int kBy>
void shifted(EmulatedDevice& d) {
  HONE_LAUNCH(Stream{}, 2, 64, shift, d.upload(ones(100)), d.output<float>(100), 100, kBy);
}

template <int kBy>
void shifted_out(EmulatedDevice& d) {
  HONE_LAUNCH(Stream{}, 2, 64, shift_out, d.output<float>(100), 100, kBy);
}

template <int kPast>
void past_shared(EmulatedDevice& d) {
  HONE_LAUNCH(Stream{}, 1, kThreads, over_shared, d.output<float>(kThreads), kPast);
}

template <unsigned kMask, unsigned kLanes, int kBlock = 32>
void sum_of(EmulatedDevice& d) {
  HONE_LAUNCH(Stream{}, 1, kBlock, sum_lanes, d.output<float>(kBlock), kMask, kLanes);
}

template <unsigned kMask>
void voted(EmulatedDevice& d) {
  HONE_LAUNCH(Stream{}, 1, 32, vote, d.output<int32_t>(32), kMask);
}

template <bool kAtomic>
void counted(EmulatedDevice& d) {
  HONE_LAUNCH(Stream{}, 5, 32, count_blocks<kAtomic>, d.upload(std::vector<int32_t>{0}));
}

template <unsigned kWriter>
void first_read(EmulatedDevice& d) {
  HONE_LAUNCH(Stream{}, 4, 1, read_first, d.upload(ones(5)), kWriter);
}

template <unsigned kWritten>
void shared_read(EmulatedDevice& d) {
  HONE_LAUNCH(Stream{}, 1, kThreads, read_shared, d.output<float>(kThreads), kWritten);
}

void add_to_output(EmulatedDevice& d) {
  HONE_LAUNCH(Stream{}, 1, 32, add_in_place, d.output<float>(32));
}

void add_to_zeroed(EmulatedDevice& d) {
  HONE_LAUNCH(Stream{}, 1, 32, add_in_place, static_cast<float*>(d.allocate(128)));
}

void add_to_released(EmulatedDevice& d) {
  float* data = static_cast<float*>(d.allocate(128));
  d.release(data);
  HONE_LAUNCH(Stream{}, 1, 32, add_in_place, data);
}

void add_to_host(EmulatedDevice&) {
  static float host[32];
  HONE_LAUNCH(Stream{}, 1, 32, add_in_place, &host[0]);
}

// What one launch wrote, the next reads.
void two_launches(EmulatedDevice& d) {
  float* data = d.output<float>(100);
  HONE_LAUNCH(Stream{}, 2, 64, shift_out, data, 100, 0);
  HONE_LAUNCH(Stream{}, 4, 32, shift, data, d.output<float>(100), 100, 0);
}

void too_many_threads(EmulatedDevice& d) {
  HONE_LAUNCH(Stream{}, 1, Dim3(32, 33), add_in_place, d.output<float>(1056));
}

}  // namespace

const std::vector<Planted>& planted() {
  using enum FaultKind;
  static const std::vector<Planted> all{
      {"barrier", one_block<turn_around<true>>, {}, ""},
      {"no barrier", one_block<turn_around<false>>, kRace, ""},
      {"barrier before the second use", one_block<use_twice<true>>, {}, ""},
      {"no barrier before the second use", one_block<use_twice<false>>, kRace, "against that of thread"},
      {"__syncwarp", in_place<pass_in_warp<true>>, {}, ""},
      {"no __syncwarp", in_place<pass_in_warp<false>>, kRace, ""},
      {"shuffle for __syncwarp", in_place<pass_beside_shuffle>, kRace, ""},
      {"halves of a warp", in_place<pass_in_half<false>, 32>, {}, ""},
      {"across halves of a warp", in_place<pass_in_half<true>, 32>, kRace, ""},
      {"read before a write", in_place<read_then_write<true>>, {}, ""},
      {"read beside a write", in_place<read_then_write<false>>, kRace, ""},
      {"blocks add", counted<true>, {}, ""},
      {"blocks add without an atomic", counted<false>, kRace, "another block"},
      {"blocks read", first_read<9>, {}, ""},
      {"blocks read what one writes", first_read<2>, kRace, "another block"},
      {"launches in order", two_launches, {}, ""},
      {"in bounds", shifted<0>, {}, ""},
      {"read one before", shifted<-1>, kOutOfBounds, "read of 4 bytes 4 bytes before an allocation of 400 bytes"},
      {"read one behind", shifted<1>, kOutOfBounds, "read of 4 bytes 0 bytes after an allocation of 400 bytes"},
      {"write one before", shifted_out<-1>, kOutOfBounds, "4 bytes before an allocation of 400 bytes"},
      {"write one behind", shifted_out<1>, kOutOfBounds, "0 bytes after an allocation of 400 bytes"},
      {"shared array", past_shared<0>, {}, ""},
      {"behind a shared array", past_shared<1>, kOutOfBounds, "0 bytes after a shared array of 512 bytes"},
      {"released", add_to_released, kOutOfBounds, ""},
      {"the host's", add_to_host, kOutOfBounds, "host's memory"},
      {"full mask", sum_of<~0u, 32>, {}, ""},
      {"half mask", sum_of<0xFFFFu, 16>, kWarpMismatch, "outside its mask"},
      {"shuffle of half a warp", sum_of<~0u, 16>, kWarpMismatch, "lane 16 of its mask has returned"},
      {"mask without the caller", sum_of<0xFFFEu, 16>, kWarpMismatch, ""},
      {"mask beyond the block", sum_of<~0u, 32, 24>, kWarpMismatch, "lane 24 of its mask does not exist"},
      {"one shuffle", in_place<two_shuffles<true>, 32>, {}, ""},
      {"two shuffles", in_place<two_shuffles<false>, 32>, kWarpMismatch, "is at"},
      {"vote", voted<~0u>, {}, ""},
      {"vote with a wrong mask", voted<0x7FFFFFFFu>, kWarpMismatch, "leaves out the caller"},
      {"barrier for all", in_place<barrier_for_some<true>>, {}, ""},
      {"barrier for some", in_place<barrier_for_some<false>>, kDivergentBarrier, "has returned"},
      {"one barrier", in_place<two_barriers<true>>, {}, ""},
      {"two barriers", in_place<two_barriers<false>>, kDivergentBarrier, ", thread"},
      {"shared, written", shared_read<128>, {}, ""},
      {"shared, not written", shared_read<127>, kUninitializedRead, "508 bytes into a shared array of 512 bytes"},
      {"zeroed", add_to_zeroed, {}, ""},
      {"not written", add_to_output, kUninitializedRead, ""},
      {"shared memory", in_place<much_shared>, kBadLaunch, "49156 bytes of shared memory"},
      {"threads", too_many_threads, kBadLaunch, "block (32, 33, 1)"},
  };
  return all;
}

}  // namespace hone::test
