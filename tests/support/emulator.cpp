#include "tests/support/emulator.h"

#include <memory>

#include "base/check.h"
#include "kernels/cuda/queue.h"
#include "tests/support/emulator_grid.h"

namespace hone::test {
namespace {

// What the one device alive has besides its interface.
struct Machine {
  EmulatedDevice* device;
  DeviceMemory memory;
  uint64_t launches = 0;
  bool hidden = false;
};
std::unique_ptr<Machine> machine;

Machine& alive() {
  HONE_CHECK(machine, "no EmulatedDevice");
  return *machine;
}

// Device memory is there as long as this lives.
class Opened {
 public:
  Opened() {
    if (alive().hidden) alive().memory.set_accessible(true);
  }
  ~Opened() {
    if (alive().hidden) alive().memory.set_accessible(false);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
};

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

void EmulatedDevice::hide_from_host() {
  machine->hidden = true;
  machine->memory.set_accessible(false);
}

void EmulatedDevice::copy(void* to, const void* from, size_t bytes) {
  const Opened opened;
  if (bytes > 0) std::memcpy(to, from, bytes);
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
  test::EmulatedDevice::copy(data, host, bytes);
  return data;
}

void* scratch_bytes(const Stream&, size_t bytes) { return test::alive().device->allocate_uninitialized(bytes); }

void download_bytes(const Stream&, void* host, const void* device, size_t bytes) {
  test::EmulatedDevice::copy(host, device, bytes);
}

MemorySize device_memory() { return {int64_t{1} << 32, -1}; }
void* device_allocate(size_t bytes) { return test::alive().device->allocate(bytes); }
void device_release(void* data) { test::alive().device->release(data); }
void device_write(void* to, const void* from, size_t bytes, const Stream&) {
  test::EmulatedDevice::copy(to, from, bytes);
}
void device_read(void* to, const void* from, size_t bytes, const Stream&) {
  test::EmulatedDevice::copy(to, from, bytes);
}

namespace emulated {

void run_grid(const char* kernel, const Dim3& grid, const Dim3& block, const void* call, size_t bytes,
              void (*thread)(const void* call)) {
  test::Machine& m = test::alive();
  const test::Opened opened;
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
