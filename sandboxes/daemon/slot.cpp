#include "sandboxes/daemon/slot.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>

#include "sandboxes/box/protocol.h"
#include "sandboxes/daemon/box_command.h"

namespace hone::sandboxd {
namespace {

using sandboxes::Ending;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr double kStartSeconds = 20;                           // a box has to be ready by then
constexpr double kBackstopFactor = 10, kBackstopSeconds = 20;  // beyond what the run's own init allows

Outcome infra(std::string reason) {
  Outcome outcome;
  outcome.result.ending = Ending::kInfra;
  outcome.result.reason = std::move(reason);
  return outcome;
}

Ending ending_of(box::End end) {
  switch (end) {
    case box::End::kInfra:
      return Ending::kInfra;
    case box::End::kCpuLimit:
      return Ending::kCpuLimit;
    case box::End::kWallLimit:
      return Ending::kWallLimit;
    case box::End::kMemoryLimit:
      return Ending::kMemoryLimit;
    case box::End::kSignalled:
      return Ending::kSignalled;
    case box::End::kExited:
      return Ending::kExited;
  }
  return Ending::kInfra;
}

// Cuts `size` bytes off the front; false when there are fewer.
bool take(std::string_view& from, void* into, size_t size) {
  if (from.size() < size) return false;
  std::memcpy(into, from.data(), size);
  from.remove_prefix(size);
  return true;
}

Outcome outcome_of(std::string_view bytes) {
  box::Report report;
  if (!take(bytes, &report, sizeof report)) return infra("the box broke down");
  Outcome outcome;
  outcome.result.ending = ending_of(report.end);
  outcome.result.code = report.code;
  outcome.result.cpu_seconds = report.cpu_seconds;
  outcome.result.wall_seconds = report.wall_seconds;
  outcome.result.memory_mib = static_cast<double>(report.memory_bytes) / (1 << 20);
  outcome.result.reason.assign(report.reason, ::strnlen(report.reason, sizeof report.reason));
  for (uint32_t i = 0; i < report.fetched; ++i) {
    uint32_t index = 0;
    uint64_t size = 0;
    if (!take(bytes, &index, sizeof index) || !take(bytes, &size, sizeof size) || size > bytes.size()) {
      return infra("a file that was to be brought back is cut");
    }
    outcome.fetched.push_back(index);
    outcome.result.fetched.push_back({.bytes = std::make_shared<const std::string>(bytes.substr(0, size))});
    bytes.remove_prefix(size);
  }
  return outcome;
}

// Sends the plan, then takes what the run's init answers, which may come before it has read all.
Task<void> converse(Stream& control, std::string_view plan, std::string& report) {
  co_await write_all(control, plan);
  co_await drain(control, report, box::kMaxFetchBytes + (1 << 20), nullptr);
}

bool send_run(int socket, std::span<const int> descriptors) {
  char word = box::kGo;
  iovec data{&word, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(box::RunDescriptors))] = {};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
}

}  // namespace

// Our ends of a run's streams.
struct Slot::RunStreams {
  Stream control, in, out, err;
  std::optional<Stream> to_program, from_program;
};

Slot::Slot(asio::io_context& context, const Settings& settings, Tier tier, int index)
    : context_(context), settings_(settings), tier_(tier), index_(index), warm_(!settings.python.empty()) {}

void Slot::stop() {
  server_.reset();
  if (box_) end(*box_);
  box_.reset();
}

Task<std::string> Slot::start() {
  std::string reason = co_await start_server();
  if (!reason.empty() && warm_) {
    warm_ = false;
    reason = co_await start_server();
  }
  co_return reason;
}

Task<std::string> Slot::start_server() {
  stop();
  int sockets[2], errors[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) co_return "no sockets";
  server_.emplace(context_, sockets[0]);
  const FileDescriptor server_end(sockets[1]);
  if (::pipe2(errors, O_CLOEXEC) != 0) co_return "no pipes";
  Stream messages(context_, errors[0]);
  {
    const FileDescriptor err(errors[1]);
    std::vector<FileDescriptor> opened;
    Result<Launch> command = box_command(settings_, tier_, index_, warm_, server_end.get(), opened);
    if (!command) co_return command.error().to_string();
    command->err = err.get();
    Result<Process> started = launch(context_, *command);
    if (!started) co_return started.error().to_string();
    box_.emplace(std::move(*started));
  }
  if (co_await server_is_ready()) co_return "";
  stop();
  std::string text;
  co_await drain(messages, text, 4096, nullptr);
  co_return text.empty() ? "the box does not start" : text.substr(0, text.find('\n'));
}

// Kills the box when the timer expires. The flag outlives the caller: a handler may already be on its way.
Slot::Deadline Slot::deadline(double seconds) {
  auto passed = std::make_shared<bool>(false);
  auto timer = std::make_unique<asio::steady_timer>(
      context_, std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds)));
  timer->async_wait([passed, box = box_->id()](auto error) {
    if (error) return;
    *passed = true;
    ::kill(box, SIGKILL);
  });
  return {std::move(timer), std::move(passed)};
}

Task<bool> Slot::server_is_ready() {
  const Deadline late = deadline(kStartSeconds);
  char word = 0;
  co_return co_await read_exactly(*server_, {&word, 1}) && word == box::kReady;
}

Result<Slot::RunStreams> Slot::open_streams(bool channel) {
  // Pairs of {ours, theirs}, in the order of box::RunDescriptors.
  int pairs[6][2];
  const int count = channel ? 6 : 4;
  std::vector<FileDescriptor> theirs, ours;
  for (int i = 0; i < count; ++i) {
    const bool we_write = i == 1 || i == 4;
    const int made =
        i == 0 ? ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[0]) : ::pipe2(pairs[i], O_CLOEXEC);
    if (made != 0) return os_error(errno, "make streams", "");
    if (we_write) std::swap(pairs[i][0], pairs[i][1]);
    ours.emplace_back(pairs[i][0]);
    theirs.emplace_back(pairs[i][1]);
  }
  std::vector<int> sent;
  for (const FileDescriptor& fd : theirs) sent.push_back(fd.get());
  if (!send_run(server_->native_handle(), sent)) return os_error(errno, "reach the box", "");
  const auto stream = [&](size_t i) { return Stream(context_, ours[i].release()); };
  RunStreams streams{stream(0), stream(1), stream(2), stream(3), {}, {}};
  if (channel) {
    streams.to_program = stream(4);
    streams.from_program = stream(5);
  }
  return streams;
}

Task<std::string> Slot::warm_up() {
  if (server_) co_return "";
  co_return co_await start();
}

// A server that died between two runs is noticed only now.
Task<Result<Slot::RunStreams>> Slot::open_streams_in_box(bool channel) {
  for (int attempt = 0;; ++attempt) {
    const std::string reason = co_await warm_up();
    if (!reason.empty()) co_return Error{.code = ErrorCode::kIo, .message = reason};
    Result<RunStreams> opened = open_streams(channel);
    if (opened.ok() || attempt > 0) co_return opened;
    stop();
  }
}

Task<Outcome> Slot::run(const Order& order) {
  Result<RunStreams> opened = co_await open_streams_in_box(order.has_channel);
  if (!opened) co_return infra(opened.error().to_string());
  RunStreams& streams = *opened;
  const Deadline late = deadline(kBackstopFactor * order.wall_seconds + kBackstopSeconds);
  bool too_much = false;
  std::string out, err, channel, report;
  Together together(context_);
  together.add(converse(streams.control, order.plan, report));
  together.add(feed(std::move(streams.in), order.input));
  together.add(drain(streams.out, out, order.output_bytes, [&] {
    too_much = true;
    ::shutdown(streams.control.native_handle(), SHUT_WR);
  }));
  together.add(drain(streams.err, err, sandboxes::kErrBytes, nullptr));
  if (order.has_channel) {
    together.add(feed(std::move(*streams.to_program), order.channel));
    together.add(drain(*streams.from_program, channel, sandboxes::kChannelBytes, nullptr));
  }
  co_await together.wait();
  Outcome outcome = *late.passed ? infra("the run did not end") : outcome_of(report);
  if (outcome.result.ending == Ending::kInfra) stop();
  if (too_much && outcome.result.ending > Ending::kOutputLimit) outcome.result.ending = Ending::kOutputLimit;
  outcome.result.out = std::move(out);
  outcome.result.err = std::move(err);
  outcome.result.channel = std::move(channel);
  co_return outcome;
}

}  // namespace hone::sandboxd
