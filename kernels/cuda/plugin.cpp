#include "kernels/cuda/plugin.h"

#include <cstdlib>

#include "base/check.h"
#include "kernels/cuda/queue.h"
#include "kernels/cuda/table.h"

namespace hone {
namespace {

const kernels::cuda::Host* host = nullptr;

}  // namespace

// base/check.h as the plug-in has it: the program reports.
void check_failed(const char* file, int line, const char* expression, const std::string& values) {
  if (host != nullptr) host->fail(file, line, expression, values.c_str());
  std::abort();
}

namespace kernels::cuda {
namespace {

Failure open(int device, const Backend** f32, const Backend** bf16) {
  const Failure failure = open_queue(device);
  if (failure.text[0] != '\0') return failure;
  *f32 = &table(DType::kF32);
  *bf16 = &table(DType::kBf16);
  return failure;
}

}  // namespace
}  // namespace kernels::cuda
}  // namespace hone

const hone::kernels::cuda::Plugin* hone_cuda_plugin(const hone::kernels::cuda::Host* host) {
  static const hone::kernels::cuda::Plugin plugin{HONE_CUDA_ABI, hone::kernels::cuda::open};
  hone::host = host;
  return &plugin;
}
