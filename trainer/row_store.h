// The rows of data files in memory: their texts once, in large pieces, and 32 bytes a row.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainer/data_format.h"

namespace hone::trainer {

class RowStore {
 public:
  void add(const DataRow& row);
  // Requires index < size().
  DataRow at(size_t index) const;
  size_t size() const { return rows_.size(); }
  int64_t bytes() const;  // of memory

 private:
  struct Place {
    uint32_t piece = 0;
    uint32_t start = 0;
    uint32_t length[5] = {};  // of prompt, gold, completion, data_source, extra_info, one after another
    bool is_conversation = false;
  };
  std::vector<std::string> pieces_;  // never grow beyond what they reserved: nothing is copied twice
  std::vector<Place> rows_;
};

}  // namespace hone::trainer
