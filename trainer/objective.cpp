#include "trainer/objective.h"

#include <dlfcn.h>

#include <filesystem>

#include "trainer/objective_torch.h"

namespace hone::trainer {
namespace {

Error cannot_load(const std::string& path) {
  const char* reason = dlerror();
  return {ErrorCode::kNotFound, str("cannot load LibTorch's part of hone: ", reason ? reason : "unknown"), path};
}

Result<const ObjectiveTable*> open_table() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return Error{ErrorCode::kIo, str("cannot read /proc/self/exe: ", error.message())};
  const std::string path = program.parent_path() / "libhone_torch.so";
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays open: the table points into it
  if (library == nullptr) return cannot_load(path);
  const auto table = reinterpret_cast<decltype(&hone_torch_objective)>(dlsym(library, "hone_torch_objective"));
  if (table == nullptr) return cannot_load(path);
  return table();
}

const Result<const ObjectiveTable*>& loaded_table() {
  static const Result<const ObjectiveTable*> table = open_table();
  return table;
}

}  // namespace

Result<void> load_torch() {
  if (!loaded_table().ok()) return loaded_table().error();
  return {};
}

Result<ObjectiveOutput> grpo_objective(const rl::ObjectiveConfig& config, const ObjectiveInput& input,
                                       std::span<float> dlogprob, std::span<float> dentropy) {
  if (!loaded_table().ok()) return loaded_table().error();
  return (*loaded_table())->grpo_objective(config, input, dlogprob, dentropy);
}

}  // namespace hone::trainer
