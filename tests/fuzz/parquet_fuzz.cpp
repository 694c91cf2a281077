// Any bytes as a Parquet file: rows or an error. The corpus directory may be given the files of tests/golden/parquet.
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/parquet_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string path = [] {
    char name[] = "/dev/shm/hone-parquet-fuzz-XXXXXX";
    ::close(::mkstemp(name));
    return std::string(name);
  }();
  FILE* file = std::fopen(path.c_str(), "wb");
  if (!file) std::abort();
  std::fwrite(data, 1, size, file);
  std::fclose(file);
  auto reader = hone::ParquetReader::open(path);
  if (!reader) return 0;
  for (int i = 0; i < 10000; ++i) {
    const auto row = reader->next();
    if (!row || !*row) break;
  }
  return 0;
}
