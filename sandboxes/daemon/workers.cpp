#include "sandboxes/daemon/workers.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/file.h"
#include "sandboxes/wire.h"

namespace hone::sandboxd {
namespace {

struct Pair {
  FileDescriptor ours, theirs;
};

Result<Pair> make_pipe(bool we_write) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return os_error(errno, "make a pipe", "");
  return Pair{FileDescriptor(fds[we_write ? 1 : 0]), FileDescriptor(fds[we_write ? 0 : 1])};
}

// One byte, 1, with the descriptors of the worker's supervisor and of its streams.
bool send_worker(int socket, const std::array<int, 4>& descriptors) {
  char word = 1;
  iovec data{&word, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof descriptors)] = {};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptors);
  std::memcpy(CMSG_DATA(header), descriptors.data(), sizeof descriptors);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
}

}  // namespace

Result<void> Workers::start(Stream& client, const std::string& frame) {
  const std::optional<sandboxes::WorkerRequest> request = sandboxes::decode_worker(frame);
  if (!request || request->argv.empty()) return Error{.message = "not a request for a worker"};
  HONE_TRY_ASSIGN(Pair in, make_pipe(true));
  HONE_TRY_ASSIGN(Pair out, make_pipe(false));
  HONE_TRY_ASSIGN(Pair err, make_pipe(false));
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return os_error(errno, "make a socket", "");
  const FileDescriptor ours(sockets[0]), theirs(sockets[1]);
  Launch what;
  what.program = programs_ + "/hone-init";
  what.arguments = {"worker", std::to_string(theirs.get()), std::to_string(::getpid())};
  what.arguments.insert(what.arguments.end(), request->argv.begin(), request->argv.end());
  what.environment = request->environment;
  what.directory = request->directory;
  what.in = in.theirs.get();
  what.out = out.theirs.get();
  what.err = err.theirs.get();
  what.keep = {theirs.get()};
  HONE_TRY_ASSIGN(Process started, launch(context_, what));
  if (!send_worker(client.native_handle(), {ours.get(), in.ours.get(), out.ours.get(), err.ours.get()})) {
    return os_error(errno, "hand over a worker", "");
  }
  running_.push_back(std::move(started));
  return {};
}

void Workers::forget_ended() {
  running_.remove_if([](Process& process) {
    boost::process::v2::error_code error;
    return !process.running(error);
  });
}

Task<void> Workers::serve(Stream& client) {
  for (;;) {
    const std::optional<std::string> frame = co_await read_frame(client);
    if (!frame) co_return;
    forget_ended();
    const Result<void> done = start(client, *frame);
    if (done.ok()) continue;
    if (!co_await write_all(client, std::string(1, 0)) || !co_await write_frame(client, done.error().message))
      co_return;
  }
}

}  // namespace hone::sandboxd
