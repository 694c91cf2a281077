// Choice of the CPU backend at run time.
#include <cpuid.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/check.h"
#include "kernels/backend.h"
#include "kernels/cpu_support.h"
#include "kernels/split_k_fault.h"

namespace hone::kernels {

const Backend& cpu_backend_avx512();
const Backend& cpu_backend_amx_bf16();
const Backend& cpu_backend_avx512_bf16();
const Backend& cpu_backend_avx512_widened();
const Backend& cpu_backend_avx2();
const Backend& cpu_backend_avx2_widened();
const Backend& cpu_backend_f64();

namespace {

// Right before the data. `mapped` is 0 where calloc gave it.
struct MemoryHead {
  void* raw;
  size_t mapped;
};

// Whole huge pages where the system has them: weights that are read once a token then cost a tenth less. Not reserved,
// so that a model larger than the machine can be described; what a run takes is checked before it begins.
void* map_arena(size_t bytes) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* raw = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  (void)madvise(raw, bytes, MADV_HUGEPAGE);
  return raw;
}

}  // namespace

// Pages are zero without being touched, so memory that a plan allots in vain costs nothing.
void* cpu_allocate(size_t bytes) {
  constexpr size_t kAlign = 64, kHugePage = size_t{1} << 21, kArena = size_t{1} << 25;
  const bool is_arena = bytes >= kArena;
  const size_t align = is_arena ? kHugePage : kAlign, all = bytes + 2 * align;
  void* raw = is_arena ? map_arena(all) : std::calloc(all, 1);
  if (!raw) return nullptr;
  const uintptr_t data = (reinterpret_cast<uintptr_t>(raw) + 2 * align - 1) / align * align;
  reinterpret_cast<MemoryHead*>(data)[-1] = {raw, is_arena ? all : 0};
  return reinterpret_cast<void*>(data);
}

void cpu_release(void* data) {
  if (!data) return;
  const MemoryHead head = static_cast<MemoryHead*>(data)[-1];
  if (head.mapped) {
    munmap(head.raw, head.mapped);
  } else {
    std::free(head.raw);
  }
}

void cpu_copy(void* to, const void* from, size_t bytes, const Stream&) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

namespace {

// In rising order; a later one needs what the earlier ones need.
enum class Isa { kAvx2, kAvx512, kAvx512Bf16, kAmx };

// Linux lets a process use the tiles after it has asked (Documentation/arch/x86/xstate.rst).
bool may_use_tiles() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  static const bool granted = syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  return granted;
}

// Bits 22 and 24 of EDX of leaf 7 (Intel, Software Developer's Manual, CPUID): not every compiler has names for them.
bool has_tiles() {
  unsigned eax, ebx, ecx, edx;
  constexpr unsigned kBf16 = 1u << 22, kTile = 1u << 24;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (edx & kBf16) && (edx & kTile);
}

bool has(Isa isa) {
  switch (isa) {
    case Isa::kAvx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Isa::kAvx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    case Isa::kAvx512Bf16: return __builtin_cpu_supports("avx512bf16");
    case Isa::kAmx: return has_tiles() && may_use_tiles();
  }
  return false;
}

// What HONE_ISA in the environment allows: everything where it is not set.
Isa allowed() {
  const char* value = std::getenv("HONE_ISA");
  const std::string_view name = value ? value : "amx";
  if (name == "avx2") return Isa::kAvx2;
  if (name == "avx512") return Isa::kAvx512;
  if (name == "avx512_bf16") return Isa::kAvx512Bf16;
  HONE_CHECK(name == "amx", "HONE_ISA is avx2, avx512, avx512_bf16 or amx");
  return Isa::kAmx;
}

Isa best_isa() {
  HONE_CHECK(has(Isa::kAvx2), "hone needs a CPU with AVX2 and FMA");
  Isa best = Isa::kAvx2;
  for (Isa isa : {Isa::kAvx512, Isa::kAvx512Bf16, Isa::kAmx}) {
    if (isa > allowed() || !has(isa)) break;
    best = isa;
  }
  return best;
}

const Backend& f32_backend(Isa isa) { return isa == Isa::kAvx2 ? cpu_backend_avx2() : cpu_backend_avx512(); }

const Backend& bf16_backend(Isa isa) {
  switch (isa) {
    case Isa::kAvx2: return cpu_backend_avx2_widened();
    case Isa::kAvx512: return cpu_backend_avx512_widened();
    case Isa::kAvx512Bf16: return cpu_backend_avx512_bf16();
    case Isa::kAmx: break;
  }
  return cpu_backend_amx_bf16();
}

bool is_faulty() {
  const char* fault = std::getenv("HONE_TEST_FAULT");
  return fault && std::string_view(fault) == "split_k";
}

}  // namespace

const Backend& cpu_backend(DType compact) {
  if (compact == DType::kF64) return cpu_backend_f64();
  const Isa isa = best_isa();
  const Backend& sound = compact == DType::kBf16 ? bf16_backend(isa) : f32_backend(isa);
  return is_faulty() ? with_split_k_fault(sound) : sound;
}

}  // namespace hone::kernels
