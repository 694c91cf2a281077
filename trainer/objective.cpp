#include "trainer/objective.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "trainer/objective_torch.h"

namespace hone::trainer {
namespace {

Error cannot_load(const std::string& path) {
  const char* reason = dlerror();
  return {ErrorCode::kInvalid, str("cannot be loaded: ", reason ? reason : "unknown",
                                   "; set HONE_TORCH to the site-packages/torch of torch " HONE_TORCH_VERSION),
          path};
}

// The libraries of the wheel that HONE_TORCH names. Once loaded they serve every library that needs them by name.
Result<void> load_wheel() {
  const char* const root = std::getenv("HONE_TORCH");
  if (root == nullptr) return {};
  const Result<std::string> version = read_file(join_path(root, "version.py"), 1 << 16);
  if (!version.ok() || version->find("'" HONE_TORCH_VERSION) == version->npos)
    return Error{.message = str("'", root, "' is no site-packages/torch of torch " HONE_TORCH_VERSION),
                 .field = "HONE_TORCH"};
  for (const char* name : {"lib/libc10.so", "lib/libtorch_cpu.so"}) {
    const std::string path = join_path(root, name);
    if (dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) return cannot_load(path);
  }
  return {};
}

Result<const ObjectiveTable*> open_table() {
  HONE_TRY(load_wheel());
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
