#include "rewards/outside/worker_link.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

namespace hone::rewards {
namespace {

constexpr size_t kChunk = 64 << 10;
constexpr int kChunksPerTurn = 32;  // so that one worker that floods its pipes leaves time to the others
constexpr size_t kStderrTail = 4 << 10;

// Bytes read, 0 at the end, -1 where there is nothing yet; any other error counts as the end.
ssize_t read_some(int fd, std::array<char, kChunk>& buffer) {
  ssize_t got = 0;
  do got = ::read(fd, buffer.data(), buffer.size());
  while (got < 0 && errno == EINTR);
  return got < 0 && errno != EAGAIN ? 0 : got;
}

// A process that dies closes its pipes a moment before its end is known.
std::string wait_for_end(const sandboxes::Worker& worker) {
  std::string ended = worker.ended();
  for (int i = 0; ended.empty() && i < 10; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ended = worker.ended();
  }
  return ended;
}

}  // namespace

WorkerLink::Traffic WorkerLink::exchange() {
  Traffic traffic;
  std::string problem = write();
  read_stderr();
  traffic.problem = read(traffic.lines);
  if (traffic.problem.empty()) traffic.problem = std::move(problem);
  if (traffic.problem.empty()) return traffic;
  if (const std::string ended = wait_for_end(*worker_); !ended.empty()) traffic.problem = "it " + ended;
  read_stderr();  // what explains the end may have come with it
  return traffic;
}

std::string WorkerLink::write() {
  while (written_ < unwritten_.size()) {
    const ssize_t wrote = ::write(worker_->in(), unwritten_.data() + written_, unwritten_.size() - written_);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == EAGAIN) return {};
    if (wrote < 0) return str("it cannot be written to: ", ::strerror(errno));
    written_ += static_cast<size_t>(wrote);
  }
  unwritten_.clear();
  written_ = 0;
  return {};
}

std::string WorkerLink::read(std::vector<std::string>& lines) {
  std::array<char, kChunk> buffer;
  for (int i = 0; i < kChunksPerTurn; ++i) {
    const ssize_t got = read_some(worker_->out(), buffer);
    if (got < 0) return {};
    if (got == 0) return reader_.in_line() ? "it closed its output within a line" : "it closed its output";
    if (!reader_.feed({buffer.data(), static_cast<size_t>(got)}, lines))
      return str("it wrote a line of more than ", kMaxLineBytes, " bytes");
  }
  return {};
}

void WorkerLink::read_stderr() {
  std::array<char, kChunk> buffer;
  for (int i = 0; stderr_open_ && i < kChunksPerTurn; ++i) {
    const ssize_t got = read_some(worker_->err(), buffer);
    if (got < 0) return;
    stderr_open_ = got > 0;
    stderr_tail_.append(buffer.data(), static_cast<size_t>(got));
    if (stderr_tail_.size() > kStderrTail) stderr_tail_.erase(0, stderr_tail_.size() - kStderrTail);
  }
}

void WorkerLink::add_polls(std::vector<pollfd>& polls) const {
  polls.push_back({worker_->out(), POLLIN, 0});
  if (stderr_open_) polls.push_back({worker_->err(), POLLIN, 0});
  if (written_ < unwritten_.size()) polls.push_back({worker_->in(), POLLOUT, 0});
}

std::string WorkerLink::last_words() const {
  std::string_view text = stderr_tail_;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  text = text.substr(text.rfind('\n') + 1);
  return text.empty() ? "" : "; it said: " + one_line(text);
}

}  // namespace hone::rewards
