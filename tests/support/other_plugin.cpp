// A plug-in of another state of the program.
#include "kernels/cuda/plugin.h"

const hone::kernels::cuda::Plugin* hone_cuda_plugin(const hone::kernels::cuda::Host*) {
  static const hone::kernels::cuda::Plugin plugin{1, nullptr};
  return &plugin;
}
