#include "cli/signals.h"

#include <unistd.h>

#include <csignal>

#include "cli/exit.h"

namespace hone::cli {
namespace {

std::atomic<bool> stop{false};
std::atomic<int> first_signal{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free, "a handler uses them");

void on_signal(int signal) {
  int none = 0;
  if (!first_signal.compare_exchange_strong(none, signal)) _exit(kSignalled + signal);
  stop = true;
}

}  // namespace

const std::atomic<bool>& stop_on_signal() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return stop;
}

int received_signal() { return first_signal == 0 ? SIGINT : first_signal.load(); }

}  // namespace hone::cli
