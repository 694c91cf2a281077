// Of the program that runs: where its constants lie, and from which line of its source an address comes.
#pragma once

#include <cstddef>
#include <string>

namespace hone::test {

// Addresses.
struct Range {
  const char* begin = nullptr;
  const char* end = nullptr;
  bool contains(const void* address, size_t bytes) const {
    return address >= begin && static_cast<const char*>(address) + bytes <= end;
  }
};

// In the part of the program that it cannot write.
bool is_constant(const void* address, size_t bytes);

// " (norm.cu:25)" for the call that returns to `address`; empty where there is no addr2line or no line.
std::string source_line(const void* address);

}  // namespace hone::test
