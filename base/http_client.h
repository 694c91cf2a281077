// POST over HTTP/1.1, one connection a call. The server is not trusted: header, body and time are bounded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hone {

// Of "http://host[:port][/path]"; an IPv6 address stands in brackets.
struct HttpUrl {
  std::string host;
  std::string port = "80";
  std::string target = "/";  // the path and what follows it
};
// Error kInvalid for anything else; https is refused by name.
Result<HttpUrl> parse_http_url(std::string_view url);

struct HttpReply {
  enum class End {
    kAnswered,  // status and body are the server's
    kLost,      // no connection, or it ended before the answer did: worth another try
    kTimeout,
    kGarbage,   // what came is not HTTP, or exceeds the bounds
  };
  End end = End::kLost;
  int status = 0;
  std::string body;
  std::string reason;  // of the other ends
};

struct HttpLimits {
  double timeout_seconds = 60;  // of one try; longer only where the system's resolver is
  int64_t max_reply_bytes = 32 << 20;
  int64_t retries = 2;  // of kLost alone, after pauses that double from 0.1 s
};

// The server must take the same request twice for one. Any thread.
HttpReply http_post_json(const HttpUrl& url, const std::string& body, const HttpLimits& limits);

}  // namespace hone
