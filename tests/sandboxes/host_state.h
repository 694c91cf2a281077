// What a run could leave behind on the host, seen from the test: processes, descriptors, mounts, files, keys.
#pragma once

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace hone::sandboxes {

inline std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  DIR* stream = ::opendir(directory.c_str());
  if (!stream) return names;
  while (const dirent* entry = ::readdir(stream)) {
    if (entry->d_name[0] != '.') names.push_back(entry->d_name);
  }
  ::closedir(stream);
  return names;
}

inline std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::string own_directory() {
  char path[4096];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  const std::string own(path, size > 0 ? static_cast<size_t>(size) : 0);
  return own.substr(0, own.rfind('/'));
}

// All processes below this one, by number, with their names.
inline std::map<pid_t, std::string> descendants() {
  std::map<pid_t, std::string> found;
  std::vector<pid_t> open = {::getpid()};
  while (!open.empty()) {
    const pid_t parent = open.back();
    open.pop_back();
    const std::string tasks = "/proc/" + std::to_string(parent) + "/task/";
    for (const std::string& task : names_in(tasks)) {
      std::istringstream children(text_of(tasks + task + "/children"));
      for (pid_t child; children >> child;) {
        std::string name = text_of("/proc/" + std::to_string(child) + "/comm");
        found[child] = name.substr(0, name.find('\n'));
        open.push_back(child);
      }
    }
  }
  return found;
}

inline std::set<pid_t> daemon_processes() {
  std::set<pid_t> found;
  for (const auto& [id, name] : descendants()) {
    if (name == "hone-sandboxd") found.insert(id);
  }
  return found;
}

struct HostState {
  size_t processes, own_descriptors, daemon_descriptors, mounts, temporary_files, keys;

  static HostState now() {
    size_t daemon = 0;
    for (const auto& [id, name] : descendants()) {
      if (name == "hone-sandboxd") daemon += names_in("/proc/" + std::to_string(id) + "/fd").size();
    }
    std::istringstream mounts(text_of("/proc/self/mountinfo")), keys(text_of("/proc/keys"));
    const auto lines = [](std::istringstream& text) {
      size_t count = 0;
      for (std::string line; std::getline(text, line);) ++count;
      return count;
    };
    // The base of a tier without mounts may hold one directory a slot and nothing in them.
    size_t files = 0;
    const std::string prefix = "hone-box-" + std::to_string(::getpid()) + "-";
    for (const std::string& name : names_in("/tmp")) {
      if (!name.starts_with(prefix)) continue;
      for (const std::string& slot : names_in("/tmp/" + name)) files += names_in("/tmp/" + name + "/" + slot).size();
    }
    return {descendants().size(), names_in("/proc/self/fd").size(), daemon, lines(mounts), files, lines(keys)};
  }

  // After what is on its way out has gone.
  static HostState settled() {
    HostState state = now();
    for (int same = 0; same < 10;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      const HostState later = now();
      same = state.difference(later).empty() ? same + 1 : 0;
      state = later;
    }
    return state;
  }

  std::string difference(const HostState& later) const {
    std::ostringstream out;
    const auto compare = [&](const char* what, size_t before, size_t after) {
      if (after > before) out << what << ": " << before << " before, " << after << " after; ";
    };
    compare("processes", processes, later.processes);
    compare("own descriptors", own_descriptors, later.own_descriptors);
    compare("descriptors of hone-sandboxd", daemon_descriptors, later.daemon_descriptors);
    compare("mounts", mounts, later.mounts);
    compare("files in /tmp", temporary_files, later.temporary_files);
    return out.str();
  }

  // "" as soon as there is nothing more than before; else what is left after two seconds.
  std::string difference_when_settled() const {
    std::string left;
    for (int attempt = 0; attempt < 100; ++attempt) {
      left = difference(now());
      if (left.empty()) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return left;
  }
};

}  // namespace hone::sandboxes
