// What the CPU backends may take of the machine's memory.
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>

#include "kernels/backend.h"
#include "kernels/cpu_support.h"

namespace hone::kernels {
namespace {

// The number in a file of the control group; -1 for "max" and where there is none.
int64_t group_limit(const char* path) {
  std::ifstream in(path);
  std::string text;
  in >> text;
  int64_t value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : -1;
}

constexpr const char* kGroupLimit = "/sys/fs/cgroup/memory.max";
constexpr const char* kGroupUse = "/sys/fs/cgroup/memory.current";

int64_t total_memory() {
  const int64_t all = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  const int64_t limit = group_limit(kGroupLimit);
  return limit >= 0 ? std::min(limit, all) : all;
}

int64_t available_memory() {
  int64_t available = -1;
  std::ifstream in("/proc/meminfo");
  std::string name, rest;
  for (int64_t kib = 0; in >> name >> kib; std::getline(in, rest))
    if (name == "MemAvailable:") available = kib * 1024;
  const int64_t limit = group_limit(kGroupLimit), used = group_limit(kGroupUse);
  if (limit < 0 || used < 0) return available;
  return available < 0 ? limit - used : std::min(available, std::max<int64_t>(0, limit - used));
}

}  // namespace

MemorySize cpu_memory() { return {total_memory(), available_memory()}; }

}  // namespace hone::kernels
