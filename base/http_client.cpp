#include "base/http_client.h"

// One thread runs each io_context, so its handlers need no fences, of which TSan knows nothing.
#define BOOST_ASIO_DISABLE_FENCED_BLOCK
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <algorithm>
#include <chrono>
#include <exception>
#include <thread>

namespace hone {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kMaxHeaderBytes = 16 << 10;

bool is_connection_error(const error_code& error) {
  static const auto& parse_errors = make_error_code(http::error::bad_version).category();
  if (error.category() != parse_errors) return true;
  return error == http::error::end_of_stream || error == http::error::partial_message;
}

// One request and its answer; every step starts the next when it is done.
class Exchange {
 public:
  Exchange(const HttpUrl& url, const std::string& body, int64_t max_reply_bytes)
      : url_(url), request_(http::verb::post, url.target, 11), resolver_(io_), socket_(io_) {
    request_.set(http::field::host, url.host + ":" + url.port);
    request_.set(http::field::content_type, "application/json");
    request_.set(http::field::accept, "application/json");
    request_.set(http::field::connection, "close");
    request_.body() = body;
    request_.prepare_payload();
    parser_.header_limit(kMaxHeaderBytes);
    parser_.body_limit(static_cast<uint64_t>(max_reply_bytes));
  }

  HttpReply run(double timeout_seconds) {
    resolve();
    io_.run_for(std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(timeout_seconds)));
    if (!io_.stopped()) return {HttpReply::End::kTimeout, 0, "", str("no answer within ", timeout_seconds, " s")};
    return std::move(reply_);
  }

 private:
  void resolve() {
    resolver_.async_resolve(url_.host, url_.port, [this](error_code error, tcp::resolver::results_type found) {
      if (error) return fail("cannot find the host", error);
      asio::async_connect(socket_, found, [this](error_code failed, const tcp::endpoint&) {
        failed ? fail("cannot connect", failed) : write();
      });
    });
  }
  void write() {
    http::async_write(socket_, request_, [this](error_code error, size_t) {
      error ? fail("the connection was lost", error) : read();
    });
  }
  void read() {
    http::async_read(socket_, buffer_, parser_, [this](error_code error, size_t) {
      if (error) return fail(is_connection_error(error) ? "the connection was lost" : "not readable", error);
      reply_ = {HttpReply::End::kAnswered, static_cast<int>(parser_.get().result_int()),
                std::move(parser_.get().body()), ""};
    });
  }
  void fail(const char* what, const error_code& error) {
    const auto end = is_connection_error(error) ? HttpReply::End::kLost : HttpReply::End::kGarbage;
    reply_ = {end, 0, "", str(what, ": ", error.message())};
  }

  const HttpUrl& url_;
  http::request<http::string_body> request_;
  asio::io_context io_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  HttpReply reply_;
};

HttpReply post_once(const HttpUrl& url, const std::string& body, const HttpLimits& limits) {
  try {
    return Exchange(url, body, limits.max_reply_bytes).run(limits.timeout_seconds);
  } catch (const std::exception& e) {  // asio where the system has no descriptor or no thread left
    return {HttpReply::End::kLost, 0, "", str("cannot open a connection: ", e.what())};
  }
}

Error bad_url(std::string_view url, const std::string& why) {
  return {.message = str("'", url.substr(0, 200), "' is not http://host[:port][/path]: ", why)};
}

}  // namespace

Result<HttpUrl> parse_http_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (url.find('#') != url.npos) return bad_url(url, "it has a fragment");
  if (url.starts_with("https://")) return bad_url(url, "hone speaks no TLS; put a local proxy before the server");
  if (!url.starts_with(kScheme)) return bad_url(url, "it does not begin with http://");
  for (const char c : url)
    if (c <= ' ' || c > '~') return bad_url(url, "it has a blank or a character that is not ASCII");
  std::string_view rest = url.substr(kScheme.size());
  const size_t slash = rest.find_first_of("/?");
  HttpUrl parsed;
  if (slash != rest.npos) parsed.target = std::string(rest[slash] == '/' ? "" : "/").append(rest.substr(slash));
  rest = rest.substr(0, slash);
  const size_t colon = rest.rfind(':');
  if (colon != rest.npos && rest.find(']', colon) == rest.npos) {
    parsed.port = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
  }
  const bool digits = !parsed.port.empty() && parsed.port.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || parsed.port.size() > 5 || std::stoi(parsed.port) > 65535) return bad_url(url, "its port is no number");
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  if (rest.empty() || rest.find('@') != rest.npos) return bad_url(url, "it has no host, or a user name");
  parsed.host = rest;
  return parsed;
}

HttpReply http_post_json(const HttpUrl& url, const std::string& body, const HttpLimits& limits) {
  HttpReply reply;
  for (int64_t attempt = 0;; ++attempt) {
    reply = post_once(url, body, limits);
    if (reply.end != HttpReply::End::kLost || attempt == limits.retries) return reply;
    std::this_thread::sleep_for(std::chrono::milliseconds(100 << std::min<int64_t>(attempt, 5)));
  }
}

}  // namespace hone
