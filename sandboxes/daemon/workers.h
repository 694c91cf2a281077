// Trusted programs that live across many requests.
#pragma once

#include <list>
#include <string>

#include "sandboxes/daemon/launch.h"
#include "sandboxes/daemon/streams.h"

namespace hone::sandboxd {

class Workers {
 public:
  Workers(asio::io_context& context, std::string programs) : context_(context), programs_(std::move(programs)) {}

  // Answers the requests of a connection until it ends.
  Task<void> serve(Stream& client);

 private:
  Result<void> start(Stream& client, const std::string& frame);
  void forget_ended();

  asio::io_context& context_;
  const std::string programs_;
  std::list<Process> running_;
};

}  // namespace hone::sandboxd
