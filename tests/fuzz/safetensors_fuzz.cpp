// The header of a safetensors file, any bytes: refused, or tensors that cover the data exactly and can all be read.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "policy/safetensors.h"

namespace hone::policy {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void read_all(const SafetensorsFile& file, size_t size) {
  size_t bytes = 0;
  std::vector<float> values;
  for (const TensorView& tensor : file.tensors()) {
    bytes += tensor.bytes().size();
    require(file.find(tensor.name) == &tensor);
    if (!is_float(tensor.dtype)) continue;
    values.resize(static_cast<size_t>(tensor.count()));
    to_f32(tensor.dtype, tensor.data, tensor.count(), values.data());
  }
  require(bytes < size);  // the rest is the header
}

}  // namespace
}  // namespace hone::policy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hone::policy;
  const int fd = ::memfd_create("fuzz", 0);
  require(fd >= 0 && (size == 0 || ::write(fd, data, size) == static_cast<ssize_t>(size)));
  const auto file = SafetensorsFile::open("/proc/self/fd/" + std::to_string(fd));
  if (file.ok()) {
    read_all(*file, size);
  } else {
    require(!file.error().message.empty() && !file.error().file.empty());
  }
  ::close(fd);
  return 0;
}
