#include "sandboxes/box/remove_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "sandboxes/box/posix.h"

namespace hone::box {
namespace {

bool is_dot(const char* name) { return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0)); }

template <class Visit>
void entries_of(int directory, Visit visit) {
  DIR* stream = fdopendir(dup(directory));
  if (!stream) return;
  rewinddir(stream);
  while (const dirent* entry = readdir(stream)) {
    if (!is_dot(entry->d_name)) visit(entry->d_name);
  }
  closedir(stream);
}

// Unlinks the files of root/name and moves its directories up into root, so that depth never matters; then removes it.
void flatten(int root, const char* name, uint64_t& moved) {
  fchmodat(root, name, 0700, 0);
  const int directory = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0) return;
  entries_of(directory, [&](const char* inner) {
    if (unlinkat(directory, inner, 0) == 0) return;
    fchmodat(directory, inner, 0700, 0);
    Text<40> up;
    up.add(".up").add(static_cast<int64_t>(moved++));
    renameat(directory, inner, root, up.c_str());
  });
  close(directory);
  unlinkat(root, name, AT_REMOVEDIR);
}

}  // namespace

void remove_tree(const char* path) {
  chmod(path, 0700);
  const int root = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (root < 0) return;
  uint64_t moved = 0;
  for (bool found = true, progress = true; found && progress;) {
    found = progress = false;
    entries_of(root, [&](const char* name) {
      found = true;
      const uint64_t before = moved;
      if (unlinkat(root, name, 0) == 0) {
        progress = true;
        return;
      }
      flatten(root, name, moved);
      progress = progress || moved != before || faccessat(root, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
    });
  }
  close(root);
  rmdir(path);
}

}  // namespace hone::box
