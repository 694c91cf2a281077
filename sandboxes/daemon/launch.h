// Starts processes, by Boost.Process. They inherit no descriptor but those asked for, and no environment.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/process/v2/process.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace hone::sandboxd {

using Process = boost::process::v2::basic_process<boost::asio::io_context::executor_type>;

struct Launch {
  std::string program;  // a path
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string directory;            // "": that of hone-sandboxd
  int in = -1, out = -1, err = -1;  // -1: /dev/null
  std::vector<int> keep;            // descriptors that stay open, under their numbers
  uint32_t user = 0;                // user and group to become; 0: as we are
};
// A process group of its own. Destroying the Process kills the process.
Result<Process> launch(boost::asio::io_context& context, const Launch& what);

// Kills and waits.
void end(Process& process);

}  // namespace hone::sandboxd
