#pragma once

namespace hone::box {

// Removes a directory with all in it, however deep and whatever the names; symbolic links are removed, not followed.
// For directories that nobody else changes any more.
void remove_tree(const char* path);

}  // namespace hone::box
