#include <algorithm>
#include <vector>

#include "base/hash.h"
#include "trainer/checkpoint.h"

namespace hone::trainer {
namespace {

void add_sorted(Sha256& hash, std::span<const policy::TensorOut> tensors) {
  std::vector<const policy::TensorOut*> sorted;
  for (const policy::TensorOut& tensor : tensors) sorted.push_back(&tensor);
  std::ranges::sort(sorted, {}, &policy::TensorOut::name);
  const auto sink = [&hash](std::span<const std::byte> bytes) {
    hash.update(bytes);
    return Result<void>();
  };
  hash.update_u64(sorted.size());
  for (const policy::TensorOut* tensor : sorted) {
    hash.update_string(tensor->name);
    hash.update_string(to_string(tensor->dtype));
    hash.update_u64(tensor->shape.size());
    for (int64_t extent : tensor->shape) hash.update_u64(static_cast<uint64_t>(extent));
    const Result<void> added = tensor->write(sink);
    HONE_CHECK(added.ok(), "a hash takes everything");
  }
}

}  // namespace

std::string state_sha256(std::span<const policy::TensorOut> weights, std::span<const policy::TensorOut> moments,
                         int64_t optimizer_step) {
  Sha256 hash;
  add_sorted(hash, weights);
  add_sorted(hash, moments);
  hash.update_u64(static_cast<uint64_t>(optimizer_step));
  return to_hex(hash.finish());
}

std::string state_sha256(const CheckpointContents& contents) {
  std::map<std::string_view, const policy::TensorOut*> masters;
  for (const policy::TensorOut& master : contents.masters) masters.emplace(master.name, &master);
  std::vector<policy::TensorOut> weights;
  for (const policy::TensorOut& weight : contents.weights) {
    const auto master = masters.find(weight.name);
    weights.push_back(master == masters.end() ? weight : *master->second);
  }
  return state_sha256(weights, contents.moments, contents.optimizer_step);
}

}  // namespace hone::trainer
