#include "sandboxes/daemon_link.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstring>

#include "base/bytes.h"
#include "sandboxes/wire.h"

namespace hone::sandboxes {
namespace {

constexpr int kPatienceMs = 10000;  // for hone-sandboxd to end by itself
constexpr std::string_view kBasePrefix = "hone-box-";

bool send_frame(int socket, const std::string& bytes) {
  std::string prefix;
  put_u64(prefix, bytes.size());
  for (std::string_view part : {std::string_view(prefix), std::string_view(bytes)}) {
    while (!part.empty()) {
      const ssize_t sent = ::send(socket, part.data(), part.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      part.remove_prefix(static_cast<size_t>(sent));
    }
  }
  return true;
}

bool receive(int socket, char* into, size_t size) {
  while (size > 0) {
    const ssize_t got = ::recv(socket, into, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

std::optional<std::string> receive_frame(int socket) {
  char prefix[8];
  if (!receive(socket, prefix, sizeof prefix)) return std::nullopt;
  const uint64_t size = ByteReader(std::as_bytes(std::span<const char>(prefix))).u64();
  if (size > kMaxFrame) return std::nullopt;
  std::string bytes(size, 0);
  if (!receive(socket, bytes.data(), size)) return std::nullopt;
  return bytes;
}

std::string temporary_directory() {
  const char* given = ::getenv("TMPDIR");
  return given && *given ? given : "/tmp";
}

// Working directories that a killed hone left behind.
void remove_stale(const std::string& directory) {
  const Result<std::vector<std::string>> names = list_directory(directory);
  if (!names) return;
  for (const std::string& name : *names) {
    if (!name.starts_with(kBasePrefix)) continue;
    pid_t owner = 0;
    const char* digits = name.data() + kBasePrefix.size();
    std::from_chars(digits, name.data() + name.size(), owner);
    if (owner > 0 && ::kill(owner, 0) != 0 && errno == ESRCH) (void)remove_tree(join_path(directory, name));
  }
}

std::string new_base() {
  static std::atomic<int> count = 0;
  const std::string directory = temporary_directory();
  remove_stale(directory);
  return join_path(directory, str(kBasePrefix, ::getpid(), "-", count++));
}

Result<std::string> program_path() {
  char path[4096];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0) return os_error(errno, "read", "/proc/self/exe");
  const std::string own(path, static_cast<size_t>(size));
  const std::string daemon = own.substr(0, own.rfind('/')) + "/hone-sandboxd";
  if (::access(daemon.c_str(), X_OK) != 0) return os_error(errno, "run", daemon);
  return daemon;
}

// The descriptors become 3, 4, …; everything else is closed. No environment.
Result<pid_t> spawn_daemon(const std::vector<std::string>& words, const std::vector<FileDescriptor>& given) {
  const int first_free = kFirstDescriptor + static_cast<int>(given.size());
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  std::vector<FileDescriptor> moved;  // out of the way of the numbers that are to be taken
  for (size_t i = 0; i < given.size(); ++i) {
    moved.emplace_back(::fcntl(given[i].get(), F_DUPFD_CLOEXEC, first_free));
    ::posix_spawn_file_actions_adddup2(&actions, moved.back().get(), kFirstDescriptor + static_cast<int>(i));
  }
  ::posix_spawn_file_actions_addclosefrom_np(&actions, first_free);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  char* environment[] = {nullptr};
  pid_t process = -1;
  const int error = ::posix_spawn(&process, words[0].c_str(), &actions, &attributes, arguments.data(), environment);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) return os_error(error, "run", words[0]);
  return process;
}

}  // namespace

Result<std::shared_ptr<DaemonLink>> DaemonLink::start(const Settings& settings) {
  HONE_TRY_ASSIGN(const std::string program, program_path());
  std::shared_ptr<DaemonLink> link(new DaemonLink);
  std::vector<FileDescriptor> theirs;
  for (int i = 0; i <= settings.slots; ++i) {
    int sockets[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
      return os_error(errno, "make a socket", program);
    FileDescriptor ours(sockets[0]);
    theirs.emplace_back(sockets[1]);
    if (i == 0) {
      link->workers_ = std::move(ours);
    } else {
      link->slots_.push_back(std::move(ours));
    }
  }
  link->base_ = new_base();
  const std::vector<std::string> words = {program,
                                          std::to_string(settings.slots),
                                          std::to_string(static_cast<int>(settings.best)),
                                          std::to_string(static_cast<int>(settings.worst)),
                                          settings.python,
                                          link->base_};
  HONE_TRY_ASSIGN(link->process_, spawn_daemon(words, theirs));
  theirs.clear();
  const std::optional<std::string> frame = receive_frame(link->workers_.get());
  std::optional<SandboxReport> report = frame ? decode_report(*frame) : std::nullopt;
  if (!report) return Error{.code = ErrorCode::kIo, .message = "ended before it was ready", .file = program};
  link->report_ = std::move(*report);
  return link;
}

DaemonLink::~DaemonLink() {
  workers_.close();
  slots_.clear();
  if (process_ > 0) {
    const int handle = static_cast<int>(::syscall(434 /* pidfd_open */, process_, 0));
    pollfd ended{handle, POLLIN, 0};
    if (handle < 0 || ::poll(&ended, 1, kPatienceMs) != 1) ::kill(process_, SIGKILL);
    if (handle >= 0) ::close(handle);
    ::waitpid(process_, nullptr, 0);
  }
  if (!base_.empty()) (void)remove_tree(base_);
}

std::optional<std::string> DaemonLink::exchange(int slot, const std::string& frame) {
  const int socket = slots_[static_cast<size_t>(slot)].get();
  if (!send_frame(socket, frame)) return std::nullopt;
  return receive_frame(socket);
}

std::optional<Result<DaemonLink::WorkerDescriptors>> DaemonLink::spawn(const std::string& frame) {
  const std::lock_guard lock(spawning_);
  if (!send_frame(workers_.get(), frame)) return std::nullopt;
  char done = 0;
  iovec data{&done, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(4 * sizeof(int))];
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  ssize_t got;
  do {
    got = ::recvmsg(workers_.get(), &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got != 1) return std::nullopt;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (done == 0 || !header || header->cmsg_len != CMSG_LEN(4 * sizeof(int))) {
    const std::optional<std::string> reason = receive_frame(workers_.get());
    if (!reason) return std::nullopt;
    return Result<WorkerDescriptors>(Error{.code = ErrorCode::kIo, .message = *reason});
  }
  int numbers[4];
  std::memcpy(numbers, CMSG_DATA(header), sizeof numbers);
  WorkerDescriptors descriptors;
  for (size_t i = 0; i < 4; ++i) descriptors[i] = FileDescriptor(numbers[i]);
  return Result<WorkerDescriptors>(std::move(descriptors));
}

}  // namespace hone::sandboxes
