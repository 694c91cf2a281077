#include "sandboxes/daemon/box_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandboxes/box/protocol.h"

namespace hone::sandboxd {
namespace {

constexpr char kBwrap[] = "/usr/bin/bwrap";

// Numbers above all that systemd gives out (its containers end at 1879048191), 64 for each process number, so that no
// two sandboxes of a machine share a user.
uint32_t user_of(int slot) {
  return 1879048192U + static_cast<uint32_t>(::getpid()) % 4194304U * 64U + static_cast<uint32_t>(slot) % 64U;
}

std::string interpreter(const Settings& settings) { return settings.python.empty() ? "none" : settings.python; }

std::vector<std::string> split(const std::string& words) {
  std::vector<std::string> list;
  for (size_t at = 0; at < words.size();) {
    const size_t end = std::min(words.find(' ', at), words.size());
    if (end > at) list.push_back(words.substr(at, end - at));
    at = end + 1;
  }
  return list;
}

// Debian and Ubuntu have /bin and the like as links into /usr; elsewhere they are directories.
void add_system(std::vector<std::string>& words) {
  for (const char* path : {"/usr", "/etc/alternatives", "/etc/ld.so.cache"}) {
    words.insert(words.end(), {"--ro-bind-try", path, path});
  }
  for (const std::string path : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    struct stat about;
    if (::lstat(path.c_str(), &about) != 0) continue;
    const bool link = S_ISLNK(about.st_mode);
    words.insert(words.end(), {link ? "--symlink" : "--ro-bind", link ? "usr" + path : path, path});
  }
}

// Files come in as copies: a mount would show where they lie, and the box's user may not be able to go there.
Result<void> add_file(const std::string& from, const std::string& to, Launch& launch,
                      std::vector<FileDescriptor>& opened) {
  HONE_TRY_ASSIGN(FileDescriptor file, open_file(from, O_RDONLY));
  launch.arguments.insert(launch.arguments.end(), {"--perms", "0555", "--file", std::to_string(file.get()), to});
  launch.keep.push_back(file.get());
  opened.push_back(std::move(file));
  return {};
}

Result<Launch> namespaces(const Settings& settings, int slot, bool warm, int server_end,
                          std::vector<FileDescriptor>& opened) {
  Launch launch;
  launch.program = kBwrap;
  launch.keep = {server_end};
  launch.user = ::geteuid() == 0 ? user_of(slot) : 0;
  launch.arguments = split(
      "--unshare-all --unshare-user --die-with-parent --new-session --cap-drop ALL --cap-add CAP_SYS_ADMIN --clearenv "
      "--uid 1000 --gid 1000 --hostname box");
  add_system(launch.arguments);
  for (const std::string& word : split("--proc /proc --dev /dev --dir /tmp --dir /box --dir /hone")) {
    launch.arguments.push_back(word);
  }
  HONE_TRY(add_file(settings.programs + "/hone-init", "/hone/init", launch, opened));
  if (warm) {
    HONE_TRY(add_file(settings.programs + "/hone-zygote.py", "/hone/zygote.py", launch, opened));
    HONE_TRY(add_file(settings.programs + "/libhone-zygote.so", "/hone/zygote.so", launch, opened));
  }
  const std::vector<std::string> rest =
      split("--remount-ro / --remount-ro /dev --chdir / --as-pid-1 /hone/init " +
            str(warm ? "zygote " : "serve ", server_end, " ", static_cast<int>(box::Walls::kNamespaces), " 0 /box ") +
            interpreter(settings) + (warm ? " /hone/zygote.py /hone/zygote.so" : ""));
  launch.arguments.insert(launch.arguments.end(), rest.begin(), rest.end());
  return launch;
}

// No namespaces: the init changes to the slot's user by itself, after it opened files that this user may not reach.
Launch plain(const Settings& settings, Tier tier, int slot, bool warm, int server_end) {
  const auto walls = tier == Tier::kLandlock ? box::Walls::kLandlock : box::Walls::kNone;
  Launch launch;
  launch.program = settings.programs + "/hone-init";
  launch.keep = {server_end};
  launch.arguments = {warm ? "zygote" : "serve",
                      std::to_string(server_end),
                      std::to_string(static_cast<int>(walls)),
                      std::to_string(::geteuid() == 0 ? user_of(slot) : 0),
                      str(settings.base, "/slot", slot),
                      interpreter(settings)};
  if (warm) {
    launch.arguments.push_back(settings.programs + "/hone-zygote.py");
    launch.arguments.push_back(settings.programs + "/libhone-zygote.so");
  }
  return launch;
}

}  // namespace

Result<Launch> box_command(const Settings& settings, Tier tier, int slot, bool warm, int server_end,
                           std::vector<FileDescriptor>& opened) {
  if (tier == Tier::kNamespaces) return namespaces(settings, slot, warm, server_end, opened);
  return plain(settings, tier, slot, warm, server_end);
}

}  // namespace hone::sandboxd
