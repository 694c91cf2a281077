// Small helpers over system calls. Nothing here, nor in the rest of box/, needs the C++ runtime library: the code also
// runs inside a Python interpreter.
#pragma once

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

namespace hone::box {

inline double monotonic_seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// False at the end of the stream and on errors.
inline bool read_exactly(int fd, void* into, size_t size) {
  auto* at = static_cast<char*>(into);
  while (size > 0) {
    const ssize_t got = read(fd, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

inline bool write_exactly(int fd, const void* from, size_t size) {
  const auto* at = static_cast<const char*>(from);
  while (size > 0) {
    const ssize_t put = write(fd, at, size);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    at += put;
    size -= static_cast<size_t>(put);
  }
  return true;
}

// A text of bounded length; what does not fit is cut.
template <int kCapacity>
class Text {
 public:
  Text& add(const char* text) {
    while (*text && size_ < kCapacity - 1) bytes_[size_++] = *text++;
    bytes_[size_] = 0;
    return *this;
  }
  Text& add(int64_t number) {
    char digits[24];
    int at = sizeof digits;
    digits[--at] = 0;
    uint64_t rest = number < 0 ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
    do {
      digits[--at] = static_cast<char>('0' + rest % 10);
      rest /= 10;
    } while (rest > 0);
    if (number < 0) digits[--at] = '-';
    return add(digits + at);
  }
  const char* c_str() const { return bytes_; }

 private:
  char bytes_[kCapacity] = {};
  int size_ = 0;
};

}  // namespace hone::box
