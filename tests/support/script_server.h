// tests/rewards/scripts/server.py, running for as long as this object lives.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <string>

#include "tests/support/plain_sandbox.h"

namespace hone::testing {

class ScriptServer {
 public:
  ScriptServer() : worker_({.argv = {"python3", HONE_SOURCE_DIR "/tests/rewards/scripts/server.py"}}) {
    pollfd ready{worker_.out(), POLLIN, 0};
    HONE_CHECK_EQ(::poll(&ready, 1, 30000), 1);
    char text[16] = {};
    HONE_CHECK(::read(worker_.out(), text, sizeof text - 1) > 0, "the server did not say its port");
    port_ = std::to_string(std::stoi(text));
  }
  std::string url(const std::string& path = "") const { return "http://127.0.0.1:" + port_ + path; }

 private:
  PlainWorker worker_;
  std::string port_;
};

}  // namespace hone::testing
