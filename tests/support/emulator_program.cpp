#include "tests/support/emulator_program.h"

#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <vector>

#include "base/check.h"

namespace hone::test {
namespace {

struct Program {
  uintptr_t base = 0;
  std::vector<Range> constants;
};

int read_headers(dl_phdr_info* info, size_t, void* data) {
  Program& program = *static_cast<Program*>(data);
  program.base = info->dlpi_addr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& header = info->dlpi_phdr[i];
    const char* begin = reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr);
    if ((header.p_type == PT_LOAD && !(header.p_flags & PF_W)) || header.p_type == PT_GNU_RELRO)
      program.constants.push_back({begin, begin + header.p_memsz});
  }
  return 1;  // the program itself is the first
}

const Program& program() {
  static const Program it = [] {
    Program p;
    dl_iterate_phdr(read_headers, &p);
    return p;
  }();
  return it;
}

// The first line that a command prints.
std::string first_line(const char* command) {
  FILE* out = popen(command, "r");
  if (!out) return {};
  char line[256] = {};
  const bool found = std::fgets(line, sizeof line, out) != nullptr;
  pclose(out);
  return found ? line : "";
}

}  // namespace

bool is_constant(const void* address, size_t bytes) {
  return std::ranges::any_of(program().constants, [&](const Range& r) { return r.contains(address, bytes); });
}

std::string source_line(const void* address) {
  static std::map<const void*, std::string> known;
  const auto [entry, is_new] = known.try_emplace(address);
  if (!is_new) return entry->second;
  // The call ends one byte before.
  const uintptr_t call = reinterpret_cast<uintptr_t>(address) - 1 - program().base;
  char command[96];
  std::snprintf(command, sizeof command, "addr2line -s -e /proc/%d/exe 0x%zx 2>/dev/null", getpid(), call);
  const std::string line = first_line(command), place = line.substr(0, line.find_first_of(" \n"));
  if (!place.empty() && place[0] != '?') entry->second = str(" (", place, ")");
  return entry->second;
}

}  // namespace hone::test
