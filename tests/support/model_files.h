// Safetensors written for a test.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "policy/safetensors.h"

namespace hone::test {

inline void write_tensors(const std::string& path, const std::vector<policy::TensorOut>& tensors) {
  std::ofstream out(path, std::ios::binary);
  const auto sink = [&out](std::span<const std::byte> bytes) {
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return Result<void>();
  };
  EXPECT_TRUE(policy::write_safetensors(tensors, sink).ok());
}

}  // namespace hone::test
