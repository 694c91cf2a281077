// Coroutines over descriptors. Errors are ends of the stream: the peers are our own processes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hone::sandboxd {

namespace asio = boost::asio;
using Stream = asio::posix::stream_descriptor;
template <class T>
using Task = asio::awaitable<T>;

// All of it, or false.
Task<bool> write_all(Stream& to, std::string_view bytes);
Task<bool> read_exactly(Stream& from, std::span<char> into);

// Frames of sandboxes/wire.h. nullopt at the end of the stream or for a frame that is too long.
Task<std::optional<std::string>> read_frame(Stream& from);
Task<bool> write_frame(Stream& to, const std::string& bytes);

// Reads to the end and keeps the first `keep` bytes; calls `over` once when more come.
Task<void> drain(Stream& from, std::string& into, size_t keep, std::function<void()> over);
// Writes all and closes; a reader that is gone is normal.
Task<void> feed(Stream to, std::string_view bytes);

// Runs tasks side by side and waits for the end of all. They must end by themselves.
class Together {
 public:
  explicit Together(asio::io_context& context);
  void add(Task<void> task);
  Task<void> wait();

 private:
  Task<void> counted(Task<void> task);

  asio::io_context& context_;
  asio::steady_timer done_;
  int running_ = 0;
};

}  // namespace hone::sandboxd
