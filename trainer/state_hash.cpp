#include <algorithm>
#include <vector>

#include "base/hash.h"
#include "trainer/checkpoint.h"

namespace hone::trainer {
namespace {

void add_sorted(Sha256& hash, std::span<const policy::TensorView> tensors) {
  std::vector<const policy::TensorView*> sorted;
  for (const policy::TensorView& tensor : tensors) sorted.push_back(&tensor);
  std::ranges::sort(sorted, {}, &policy::TensorView::name);
  hash.update_u64(sorted.size());
  for (const policy::TensorView* tensor : sorted) {
    hash.update_string(tensor->name);
    hash.update_string(to_string(tensor->dtype));
    hash.update_u64(tensor->shape.size());
    for (int64_t extent : tensor->shape) hash.update_u64(static_cast<uint64_t>(extent));
    hash.update(tensor->bytes());
  }
}

}  // namespace

std::string state_sha256(std::span<const policy::TensorView> weights, std::span<const policy::TensorView> moments,
                         int64_t optimizer_step) {
  Sha256 hash;
  add_sorted(hash, weights);
  add_sorted(hash, moments);
  hash.update_u64(static_cast<uint64_t>(optimizer_step));
  return to_hex(hash.finish());
}

}  // namespace hone::trainer
