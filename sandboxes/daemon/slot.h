// A slot runs one program at a time in a box that stays from run to run.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "sandboxes/daemon/launch.h"
#include "sandboxes/daemon/streams.h"
#include "sandboxes/wire.h"

namespace hone::sandboxd {

using sandboxes::Order;
using sandboxes::Outcome;
using sandboxes::Tier;

struct Settings {
  std::string programs;  // directory of hone-init and of the zygote's files
  std::string python;    // interpreter; "": none
  std::string base;      // parent of working directories where the box has no file system of its own
};

class Slot {
 public:
  Slot(asio::io_context& context, const Settings& settings, Tier tier, int index);
  ~Slot() { stop(); }

  // Makes the box. The reason why it cannot be made, or "".
  Task<std::string> start();
  Task<std::string> warm_up();  // start, unless it runs
  // Makes the box anew when it is gone.
  Task<Outcome> run(const Order& order);
  void stop();

  bool warm() const { return warm_; }  // Python programs start from a warm interpreter

 private:
  struct RunStreams;
  struct Deadline {
    std::unique_ptr<asio::steady_timer> timer;
    std::shared_ptr<bool> passed;
  };

  Task<std::string> start_server();
  Task<bool> server_is_ready();
  Result<RunStreams> open_streams(bool channel);
  Task<Result<RunStreams>> open_streams_in_box(bool channel);
  Deadline deadline(double seconds);

  asio::io_context& context_;
  const Settings& settings_;
  const Tier tier_;
  const int index_;
  bool warm_;
  std::optional<Process> box_;
  std::optional<Stream> server_;
};

}  // namespace hone::sandboxd
