#include "sandboxes/box/plan_reader.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandboxes/box/posix.h"

namespace hone::box {
namespace {

char* read_word(int control) {
  uint32_t size;
  if (!read_exactly(control, &size, sizeof size) || size > kMaxWordBytes) return nullptr;
  auto* word = static_cast<char*>(malloc(size + 1));
  if (!word || !read_exactly(control, word, size)) return nullptr;
  word[size] = 0;
  return word;
}

char** read_words(int control, uint32_t count) {
  auto** words = static_cast<char**>(calloc(count + 1, sizeof(char*)));
  for (uint32_t i = 0; words && i < count; ++i) {
    if (!(words[i] = read_word(control))) return nullptr;
  }
  return words;
}

bool copy(int from, int to, uint64_t size) {
  static char buffer[65536];
  while (size > 0) {
    const size_t part = size < sizeof buffer ? size : sizeof buffer;
    if (!read_exactly(from, buffer, part) || !write_exactly(to, buffer, part)) return false;
    size -= part;
  }
  return true;
}

bool read_file(int control, int directory) {
  char* name = read_word(control);
  uint32_t executable;
  uint64_t size;
  if (!name || !read_exactly(control, &executable, sizeof executable)) return false;
  if (!read_exactly(control, &size, sizeof size)) return false;
  const int file =
      openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, executable ? 0755 : 0644);
  const bool done = file >= 0 && copy(control, file, size);
  if (file >= 0) close(file);
  free(name);
  return done;
}

// -1 unless the name is a regular file of at most `room` bytes.
int open_result(int directory, const char* name, uint64_t room, uint64_t& size) {
  const int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file < 0) return -1;
  struct stat about;
  if (fstat(file, &about) == 0 && S_ISREG(about.st_mode) && static_cast<uint64_t>(about.st_size) <= room) {
    size = static_cast<uint64_t>(about.st_size);
    return file;
  }
  close(file);
  return -1;
}

}  // namespace

bool read_plan_head(int control, Plan& into) {
  return read_exactly(control, &into, sizeof into) && into.words > 0 && into.words <= kMaxWords &&
         into.files <= kMaxWords && into.fetch <= kMaxWords;
}

bool read_plan_rest(int control, ReadPlan& into) {
  into.words = read_words(control, into.plan.words);
  if (!into.words) return false;
  for (uint32_t i = 0; i < into.plan.files; ++i) {
    if (!read_file(control, into.directory)) return false;
  }
  into.fetch = read_words(control, into.plan.fetch);
  return into.fetch != nullptr;
}

void send_report(int control, Report report, const ReadPlan* plan) {
  struct {
    uint32_t index;
    int file;
    uint64_t size;
  } found[64];
  uint64_t room = kMaxFetchBytes;
  for (uint32_t i = 0; plan && i < plan->plan.fetch && report.fetched < 64; ++i) {
    auto& next = found[report.fetched];
    next.index = i;
    next.file = open_result(plan->directory, plan->fetch[i], room, next.size);
    if (next.file < 0) continue;
    room -= next.size;
    ++report.fetched;
  }
  bool sending = write_exactly(control, &report, sizeof report);
  for (uint32_t i = 0; i < report.fetched; ++i) {
    sending = sending && write_exactly(control, &found[i].index, sizeof found[i].index) &&
              write_exactly(control, &found[i].size, sizeof found[i].size) &&
              copy(found[i].file, control, found[i].size);
  }
}

}  // namespace hone::box
