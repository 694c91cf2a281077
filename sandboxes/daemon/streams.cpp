#include "sandboxes/daemon/streams.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/bytes.h"
#include "base/file.h"
#include "sandboxes/wire.h"

namespace hone::sandboxd {
namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

}  // namespace

Task<bool> write_all(Stream& to, std::string_view bytes) {
  const auto [error, size] = co_await asio::async_write(to, asio::buffer(bytes), kAwait);
  co_return !error && size == bytes.size();
}

Task<bool> read_exactly(Stream& from, std::span<char> into) {
  const auto [error, size] = co_await asio::async_read(from, asio::buffer(into.data(), into.size()), kAwait);
  co_return !error && size == into.size();
}

Task<std::optional<std::string>> read_frame(Stream& from) {
  std::array<char, 8> prefix;
  if (!co_await read_exactly(from, prefix)) co_return std::nullopt;
  const uint64_t size = ByteReader(std::as_bytes(std::span(prefix))).u64();
  if (size > sandboxes::kMaxFrame) co_return std::nullopt;
  std::string bytes(size, 0);
  if (!co_await read_exactly(from, bytes)) co_return std::nullopt;
  co_return bytes;
}

Task<bool> write_frame(Stream& to, const std::string& bytes) {
  std::string prefix;
  put_u64(prefix, bytes.size());
  const std::array<asio::const_buffer, 2> parts = {asio::buffer(prefix), asio::buffer(bytes)};
  const auto [error, size] = co_await asio::async_write(to, parts, kAwait);
  co_return !error && size == prefix.size() + bytes.size();
}

Task<void> drain(Stream& from, std::string& into, size_t keep, std::function<void()> over) {
  std::string buffer(4096, 0);
  for (;;) {
    const auto [error, size] = co_await from.async_read_some(asio::buffer(buffer), kAwait);
    if (error) co_return;
    const size_t room = keep - into.size();
    into.append(buffer, 0, std::min(size, room));
    if (size > room && over) {
      over();
      over = nullptr;
    }
    if (size == buffer.size() && buffer.size() < 65536) buffer.resize(65536);
  }
}

Task<void> feed(Stream to, std::string_view bytes) {
  if (!bytes.empty()) co_await asio::async_write(to, asio::buffer(bytes), kAwait);
}

Together::Together(asio::io_context& context) : context_(context), done_(context) {
  done_.expires_at(asio::steady_timer::time_point::max());
}

Task<void> Together::counted(Task<void> task) {
  co_await std::move(task);
  if (--running_ == 0) done_.cancel();
}

void Together::add(Task<void> task) {
  ++running_;
  asio::co_spawn(context_, counted(std::move(task)), asio::detached);
}

Task<void> Together::wait() {
  while (running_ > 0) co_await done_.async_wait(kAwait);
}

}  // namespace hone::sandboxd
