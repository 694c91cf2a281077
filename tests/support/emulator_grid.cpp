#include "tests/support/emulator_grid.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "base/check.h"
#include "tests/support/emulator_program.h"

namespace hone::test {
namespace {

using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;
using emulated::Index;
using emulated::Place;
using emulated::WarpCall;
using kernels::cuda::Dim3;
using kernels::cuda::kWarp;
using State = GridThread::State;

constexpr size_t kStackBytes = size_t{1} << 16, kMaxShared = 48 << 10;
constexpr int64_t kMaxThreads = 1024;

std::string text(Index i) { return str("(", i.x, ", ", i.y, ", ", i.z, ")"); }
std::string text(Place p) { return str(p.file_name(), ":", p.line()); }

bool is_same(const Place& a, const Place& b) {
  return a.line() == b.line() && a.column() == b.column() && std::string_view(a.file_name()) == b.file_name();
}

int64_t volume(const Dim3& d) { return d.x * d.y * d.z; }

Index index_in(const Dim3& extent, int64_t i) {
  return {static_cast<unsigned>(i % extent.x), static_cast<unsigned>(i / extent.x % extent.y),
          static_cast<unsigned>(i / (extent.x * extent.y))};
}

const char* name_of(WarpCall call) {
  switch (call) {
    case WarpCall::kSync: return "__syncwarp";
    case WarpCall::kBallot: return "a vote";
    default: return "a shuffle";
  }
}

const char* name_of(Access access) {
  switch (access) {
    case Access::kRead: return "read";
    case Access::kWrite: return "write";
    case Access::kAtomic: return "atomic";
  }
  return "?";
}

// Stacks for the threads of a block; pages come as they are touched, and stay.
char* stacks() {
  static char* const all = [] {
    void* data = mmap(nullptr, kStackBytes * kMaxThreads, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    HONE_CHECK(data != MAP_FAILED, "no addresses for stacks");
    return static_cast<char*>(data);
  }();
  return all;
}

}  // namespace

Grid* Grid::running_ = nullptr;

Grid::Grid(Launch launch, EmulatedDevice& device, DeviceMemory& memory, uint64_t seed)
    : launch_(std::move(launch)), device_(device), memory_(memory), random_(seed, 0) {}

bool Grid::is_launchable() {
  const Dim3 &grid = launch_.grid, &block = launch_.block;
  const auto within = [](const Dim3& d, int64_t x, int64_t y, int64_t z) {
    return d.x > 0 && d.y > 0 && d.z > 0 && d.x <= x && d.y <= y && d.z <= z;
  };
  if (within(grid, INT32_MAX, 65535, 65535) && within(block, 1024, 1024, 64) && volume(block) <= kMaxThreads)
    return true;
  add_fault(FaultKind::kBadLaunch, nullptr,
            str("grid (", grid.x, ", ", grid.y, ", ", grid.z, "), block (", block.x, ", ", block.y, ", ", block.z,
                ")"));
  return false;
}

void Grid::run() {
  if (launch_.grid.empty() || !is_launchable()) return;
  threads_.resize(volume(launch_.block));
  times_.resize((threads_.size() + kWarp - 1) / kWarp);
  memory_.begin_launch();
  std::vector<int64_t> blocks(volume(launch_.grid));
  std::iota(blocks.begin(), blocks.end(), int64_t{0});
  HONE_CHECK(!running_, "a launch inside a launch");
  for (size_t left = blocks.size(); left > 0 && !failed_; --left) {
    std::swap(blocks[left - 1], blocks[random_.below(static_cast<uint32_t>(left))]);
    block_ = index_in(launch_.grid, blocks[left - 1]);
    run_block();
  }
}

void Grid::run_block() {
  returned_ = 0;
  ready_.clear();
  shared_.clear();
  shared_bytes_ = 0;
  memory_.begin_block();
  for (size_t i = 0; i < threads_.size(); ++i) start(i);
  while (!ready_.empty() && !failed_) {
    std::swap(ready_[random_.below(static_cast<uint32_t>(ready_.size()))], ready_.back());
    const size_t next = ready_.back();
    ready_.pop_back();
    resume(next);
    if (ready_.empty() && !failed_) settle_barrier();
  }
}

void Grid::start(size_t thread) {
  GridThread& t = threads_[thread];
  t.index = index_in(launch_.block, static_cast<int64_t>(thread));
  std::ranges::fill(t.known, 0);
  times_[thread / kWarp] = 0;
  t.context = make_fcontext(stacks() + (thread + 1) * kStackBytes, kStackBytes, enter);
  make_ready(thread);
}

void Grid::enter(transfer_t from) {
  Grid& grid = *static_cast<Grid*>(from.data);
  grid.scheduler_ = from.fctx;
  grid.launch_.thread(grid.launch_.call);
  ++grid.returned_;
  grid.wait(State::kReturned);
}

void Grid::resume(size_t thread) {
  current_ = &threads_[thread];
  stack_ = {stacks() + thread * kStackBytes, stacks() + (thread + 1) * kStackBytes};
  running_ = this;
  current_->context = jump_fcontext(current_->context, this).fctx;
  running_ = nullptr;
}

void Grid::wait(State state) {
  current_->state = state;
  scheduler_ = jump_fcontext(scheduler_, nullptr).fctx;
}

void Grid::make_ready(size_t thread) {
  threads_[thread].state = State::kReady;
  ready_.push_back(thread);
}

// The thread does not run again, and nothing on its stack is destroyed.
void Grid::fail(FaultKind kind, std::string what) {
  add_fault(kind, current_, std::move(what));
  wait(State::kReturned);
  __builtin_unreachable();
}

void Grid::add_fault(FaultKind kind, const GridThread* thread, std::string what) {
  failed_ = true;
  std::string where = thread ? str("block ", text(block_), ", thread ", text(thread->index)) : "launch";
  device_.add({kind, launch_.kernel, std::move(where), std::move(what)});
}

// Nobody can run: all have to be at one barrier, or to have returned.
void Grid::settle_barrier() {
  if (returned_ == threads_.size()) return;
  const auto in = [&](State state) {
    return std::ranges::find_if(threads_, [&](const GridThread& t) { return t.state == state; });
  };
  if (const auto stuck = in(State::kAtWarpCall); stuck != threads_.end()) {
    const size_t warp = (stuck - threads_.begin()) / kWarp;
    return add_fault(FaultKind::kWarpMismatch, &*stuck, mismatch(warp, *stuck));
  }
  const GridThread& first = *in(State::kAtBarrier);
  for (const GridThread& t : threads_) {
    if (t.state == State::kReturned)
      return add_fault(FaultKind::kDivergentBarrier, &first,
                       str("waits at ", text(first.place), ", thread ", text(t.index), " has returned"));
    if (!is_same(t.place, first.place))
      return add_fault(FaultKind::kDivergentBarrier, &first,
                       str("waits at ", text(first.place), ", thread ", text(t.index), " at ", text(t.place)));
  }
  memory_.pass_barrier();
  for (size_t i = 0; i < threads_.size(); ++i) make_ready(i);
}

void Grid::meet_block(Place place) {
  current_->place = place;
  wait(State::kAtBarrier);
}

uint64_t Grid::meet_warp(WarpCall call, uint32_t mask, uint64_t value, int lane, int width, Place place) {
  GridThread& t = *current_;
  t.call = call, t.mask = mask, t.value = value, t.lane = lane, t.width = width, t.place = place;
  const size_t thread = current_ - threads_.data();
  if (!(mask >> thread % kWarp & 1))
    fail(FaultKind::kWarpMismatch, str("the mask leaves out the caller at ", text(place)));
  t.state = State::kAtWarpCall;
  settle_warp(thread / kWarp, mask);
  if (t.state == State::kAtWarpCall) wait(State::kAtWarpCall);
  return t.result;
}

// The lane or the state of affairs that keeps `asking` waiting; empty when all lanes of its mask have met.
std::string Grid::mismatch(size_t warp, const GridThread& asking) {
  for (uint32_t left = asking.mask; left; left &= left - 1) {
    const size_t lane = std::countr_zero(left), thread = warp * kWarp + lane;
    const std::string who = str(name_of(asking.call), " at ", text(asking.place), ": lane ", lane, " of its mask ");
    if (thread >= threads_.size()) return who + "does not exist";
    const GridThread& t = threads_[thread];
    if (t.state == State::kReturned) return who + "has returned";
    if (t.state != State::kAtWarpCall) return who + (t.state == State::kReady ? "runs" : "waits at __syncthreads");
    if (t.call != asking.call || !is_same(t.place, asking.place)) return who + str("is at ", text(t.place));
    if (t.mask != asking.mask) return who + "has another mask";
  }
  return {};
}

void Grid::settle_warp(size_t warp, uint32_t mask) {
  const size_t first = warp * kWarp;
  for (uint32_t left = mask; left; left &= left - 1) {
    const size_t thread = first + std::countr_zero(left);
    if (thread >= threads_.size() || threads_[thread].state == State::kReturned) break;
    if (threads_[thread].state != State::kAtWarpCall) return;
  }
  std::string wrong = mismatch(warp, *current_);
  if (!wrong.empty()) fail(FaultKind::kWarpMismatch, std::move(wrong));
  finish_warp(warp, mask);
}

// Lanes as CUDA's programming guide has them, "Warp shuffle functions": a source outside the lane's segment of `width`
// lanes is the lane itself.
int source_of(const GridThread& t, int lane) {
  const int begin = lane / t.width * t.width, end = begin + t.width;
  int source = lane;
  switch (t.call) {
    case WarpCall::kShuffle: return begin + (t.lane & (t.width - 1));
    case WarpCall::kShuffleXor: source = lane ^ t.lane; return source < end ? source : lane;
    case WarpCall::kShuffleDown: source = lane + t.lane; return source < end ? source : lane;
    case WarpCall::kShuffleUp: source = lane - t.lane; return source >= begin ? source : lane;
    default: return lane;
  }
}

// What any lane of the mask knows, all know from now on.
void Grid::order_lanes(size_t warp, uint32_t mask) {
  GridThread* lanes = &threads_[warp * kWarp];
  uint16_t known[kWarp] = {};
  HONE_CHECK_LT(times_[warp], UINT16_MAX);
  for (uint32_t left = mask; left; left &= left - 1)
    for (int i = 0; i < kWarp; ++i) known[i] = std::max(known[i], lanes[std::countr_zero(left)].known[i]);
  ++times_[warp];
  for (uint32_t left = mask; left; left &= left - 1) known[std::countr_zero(left)] = times_[warp];
  for (uint32_t left = mask; left; left &= left - 1) std::ranges::copy(known, lanes[std::countr_zero(left)].known);
}

void Grid::finish_warp(size_t warp, uint32_t mask) {
  GridThread* lanes = &threads_[warp * kWarp];
  if (current_->call == WarpCall::kSync) order_lanes(warp, mask);
  uint64_t votes = 0;
  for (uint32_t left = mask; left; left &= left - 1)
    if (lanes[std::countr_zero(left)].value) votes |= left & -left;
  for (uint32_t left = mask; left; left &= left - 1) {
    const int lane = std::countr_zero(left), source = source_of(lanes[lane], lane);
    if (!(mask >> source & 1))
      fail(FaultKind::kWarpMismatch,
           str("a shuffle at ", text(lanes[lane].place), ": lane ", lane, " takes from lane ", source,
               " outside its mask"));
    lanes[lane].result = lanes[lane].call == WarpCall::kBallot ? votes : lanes[source].value;
    if (&lanes[lane] == current_)
      current_->state = State::kReady;
    else
      make_ready(warp * kWarp + lane);
  }
}

void* Grid::shared_array(const void* declaration, size_t bytes) {
  for (const SharedArray& array : shared_)
    if (array.declaration == declaration) return array.data;
  shared_bytes_ += bytes;
  if (shared_bytes_ > kMaxShared) fail(FaultKind::kBadLaunch, str(shared_bytes_, " bytes of shared memory in a block"));
  shared_.push_back({declaration, memory_.allocate_shared(bytes)});
  return shared_.back().data;
}

// The other side of a race.
std::string Grid::opponent() const {
  const AccessGroup& other = memory_.opponent();
  if (other.flags & AccessGroup::kOtherBlocks) return "another block's";
  const uint32_t others = other.lanes & ~(uint32_t{1} << (current_ - threads_.data()) % kWarp);
  const int lane = std::countr_zero(others ? others : other.lanes);
  return str("that of thread ", text(threads_[other.warp * kWarp + lane].index));
}

void Grid::access(const void* address, size_t bytes, Access access, const void* from) {
  if (stack_.contains(address, bytes)) return;
  const auto what = [&](const std::string& rest) {
    return str(name_of(access), " of ", bytes, " bytes ", rest, source_line(from));
  };
  if (memory_.contains(address)) {
    const size_t thread = current_ - threads_.data(), warp = thread / kWarp;
    const Accessor who{static_cast<uint8_t>(warp), static_cast<uint8_t>(thread % kWarp), times_[warp], current_->known};
    switch (memory_.access(address, bytes, access, who)) {
      case DeviceMemory::Outcome::kFine: return;
      case DeviceMemory::Outcome::kOutOfBounds: fail(FaultKind::kOutOfBounds, what(memory_.relation()));
      case DeviceMemory::Outcome::kUninitialized: fail(FaultKind::kUninitializedRead, what(memory_.relation()));
      case DeviceMemory::Outcome::kRace:
        fail(FaultKind::kRace, what(str(memory_.relation(), ", against ", opponent())));
    }
  }
  const Range call{static_cast<const char*>(launch_.call), static_cast<const char*>(launch_.call) + launch_.call_bytes};
  if (access == Access::kRead && (call.contains(address, bytes) || is_constant(address, bytes))) return;
  fail(FaultKind::kOutOfBounds, what("in the host's memory"));
}

}  // namespace hone::test
