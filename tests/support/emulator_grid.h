// Runs the blocks of a grid, and the threads of a block as fibres.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/philox.h"
#include "kernels/cuda/dialect.h"
#include "tests/support/emulator.h"
#include "tests/support/emulator_memory.h"
#include "tests/support/emulator_program.h"

namespace hone::test {

namespace emulated = kernels::cuda::emulated;

struct GridThread {
  enum class State { kReady, kAtBarrier, kAtWarpCall, kReturned };
  State state;
  emulated::Index index;
  boost::context::detail::fcontext_t context;
  // What it waits in: meet_block takes the place only.
  emulated::Place place;
  emulated::WarpCall call;
  uint32_t mask;
  uint64_t value, result;
  int lane, width;
  uint16_t known[kernels::cuda::kWarp];  // as in Accessor
};

struct Launch {
  std::string kernel;
  kernels::cuda::Dim3 grid, block;
  const void* call;
  size_t call_bytes;
  void (*thread)(const void* call);
};

inline emulated::Index index_of(const kernels::cuda::Dim3& d) {
  return {static_cast<unsigned>(d.x), static_cast<unsigned>(d.y), static_cast<unsigned>(d.z)};
}

class Grid {
 public:
  Grid(Launch launch, EmulatedDevice& device, DeviceMemory& memory, uint64_t seed);
  Grid(const Grid&) = delete;
  Grid& operator=(const Grid&) = delete;

  // Until all blocks are done or one thread fails.
  void run();

  // For the thread that runs.
  static Grid* running() { return running_; }
  emulated::Index thread_index() const { return current_->index; }
  emulated::Index block_index() const { return block_; }
  emulated::Index block_extent() const { return index_of(launch_.block); }
  emulated::Index grid_extent() const { return index_of(launch_.grid); }
  void* shared_array(const void* declaration, size_t bytes);
  void meet_block(emulated::Place place);
  uint64_t meet_warp(emulated::WarpCall call, uint32_t mask, uint64_t value, int lane, int width,
                     emulated::Place place);
  void access(const void* address, size_t bytes, Access access, const void* from);

 private:
  struct SharedArray {
    const void* declaration;
    void* data;
  };

  bool is_launchable();
  void run_block();
  void start(size_t thread);
  void resume(size_t thread);
  void wait(GridThread::State state);
  static void enter(boost::context::detail::transfer_t from);
  [[noreturn]] void fail(FaultKind kind, std::string what);
  void add_fault(FaultKind kind, const GridThread* thread, std::string what);

  void make_ready(size_t thread);
  void settle_barrier();
  void settle_warp(size_t warp, uint32_t mask);
  void finish_warp(size_t warp, uint32_t mask);
  void order_lanes(size_t warp, uint32_t mask);
  std::string mismatch(size_t warp, const GridThread& asking);
  std::string opponent() const;

  static Grid* running_;
  Launch launch_;
  EmulatedDevice& device_;
  DeviceMemory& memory_;
  PhiloxStream random_;
  std::vector<GridThread> threads_;
  std::vector<size_t> ready_;
  size_t returned_ = 0;
  std::vector<uint16_t> times_;  // of each warp, as in Accessor
  GridThread* current_ = nullptr;
  emulated::Index block_{};
  boost::context::detail::fcontext_t scheduler_ = nullptr;
  Range stack_;  // of the current thread
  std::vector<SharedArray> shared_;
  size_t shared_bytes_ = 0;
  bool failed_ = false;
};

}  // namespace hone::test
