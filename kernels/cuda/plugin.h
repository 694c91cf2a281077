// What libhone_cuda.so and the program know of each other. The plug-in exports one function; nothing is thrown across
// it, and neither side frees what the other allocated. Both carry HONE_CUDA_ABI, a hash of this header and of the
// contracts of the operators: it comes first, and nothing else may be read when it differs.
#pragma once

#include <cstdint>

#include "kernels/backend.h"

namespace hone::kernels::cuda {

// What the plug-in asks of the program.
struct Host {
  // A broken contract, or a device that failed in the middle of work; does not return.
  void (*fail)(const char* file, int line, const char* expression, const char* values);
};

// Empty: it went well.
struct Failure {
  char text[512];
};

struct Plugin {
  uint64_t abi;
  // Takes the device for this process; the backends live until it ends. One device a process: another one is refused.
  // A Stream of them needs no team: work is put on the device's one queue, in the order of the calls, and
  // sum_of_squares waits for it.
  Failure (*open)(int device, const Backend** f32, const Backend** bf16);
};

}  // namespace hone::kernels::cuda

// The host lives as long as the plug-in.
extern "C" __attribute__((visibility("default"))) const hone::kernels::cuda::Plugin* hone_cuda_plugin(
    const hone::kernels::cuda::Host* host);
