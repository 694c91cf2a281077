#include "tests/support/emulator.h"

#include <memory>

#include "base/check.h"
#include "tests/support/emulator_grid.h"

namespace hone::test {
namespace {

// What the one device alive has besides its interface.
struct Machine {
  EmulatedDevice* device;
  DeviceMemory memory;
  uint64_t launches = 0;
};
std::unique_ptr<Machine> machine;

Machine& alive() {
  HONE_CHECK(machine, "no EmulatedDevice");
  return *machine;
}

const char* name_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::kOutOfBounds: return "out of bounds";
    case FaultKind::kUninitializedRead: return "uninitialized read";
    case FaultKind::kRace: return "data race";
    case FaultKind::kDivergentBarrier: return "divergent barrier";
    case FaultKind::kWarpMismatch: return "warp mismatch";
    case FaultKind::kBadLaunch: return "bad launch";
  }
  return "?";
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Fault& fault) {
  return out << fault.kernel << ", " << fault.where << ": " << name_of(fault.kind) << ": " << fault.what;
}

EmulatedDevice::EmulatedDevice(uint64_t seed) : seed_(seed) {
  HONE_CHECK(!machine, "one EmulatedDevice at a time");
  machine.reset(new Machine{this});
}

EmulatedDevice::~EmulatedDevice() { machine.reset(); }

void* EmulatedDevice::allocate(size_t bytes) { return machine->memory.allocate(bytes, true); }

void* EmulatedDevice::allocate_uninitialized(size_t bytes) { return machine->memory.allocate(bytes, false); }

void EmulatedDevice::release(void* data) {
  if (data) machine->memory.release(data);
}

std::string EmulatedDevice::report() const {
  std::string out;
  for (const Fault& fault : faults_) out += str(fault, "\n");
  return out;
}

}  // namespace hone::test

namespace hone::kernels::cuda {

void* upload_bytes(const Stream&, const void* host, size_t bytes) {
  void* data = test::alive().device->allocate(bytes);
  if (bytes > 0) std::memcpy(data, host, bytes);
  return data;
}

void* scratch_bytes(const Stream&, size_t bytes) { return test::alive().device->allocate_uninitialized(bytes); }

void download_bytes(const Stream&, void* host, const void* device, size_t bytes) {
  if (bytes > 0) std::memcpy(host, device, bytes);
}

namespace emulated {

void run_grid(const char* kernel, const Dim3& grid, const Dim3& block, const void* call, size_t bytes,
              void (*thread)(const void* call)) {
  test::Machine& m = test::alive();
  const uint64_t seed = mix64(m.device->seed(), m.launches++, Purpose::kShuffle);
  test::Grid({kernel, grid, block, call, bytes, thread}, *m.device, m.memory, seed).run();
}

Index thread_index() { return test::Grid::running()->thread_index(); }
Index block_index() { return test::Grid::running()->block_index(); }
Index block_extent() { return test::Grid::running()->block_extent(); }
Index grid_extent() { return test::Grid::running()->grid_extent(); }

void* shared_array(const void* declaration, size_t bytes) {
  return test::Grid::running()->shared_array(declaration, bytes);
}

void meet_block(Place place) { test::Grid::running()->meet_block(place); }

uint64_t meet_warp(WarpCall call, uint32_t mask, uint64_t value, int lane, int width, Place place) {
  return test::Grid::running()->meet_warp(call, mask, value, lane, width, place);
}

}  // namespace emulated
}  // namespace hone::kernels::cuda
