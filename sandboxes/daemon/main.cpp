// hone-sandboxd: starts and watches what nobody trusts, for one hone. It keeps nothing: when it dies, all that it
// started dies with it, and hone starts another.
//   hone-sandboxd SLOTS BEST_TIER WORST_TIER PYTHON BASE
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <charconv>
#include <iostream>
#include <memory>

#include "base/file.h"
#include "sandboxes/daemon/machine.h"
#include "sandboxes/daemon/slot.h"
#include "sandboxes/daemon/workers.h"

namespace hone::sandboxd {
namespace {

using sandboxes::SandboxReport;

class Daemon {
 public:
  Daemon(int slots, Tier best, Tier worst, Settings settings)
      : slots_(slots),
        best_(best),
        worst_(worst),
        settings_(std::move(settings)),
        workers_(context_, settings_.programs) {}

  int run() {
    asio::co_spawn(context_, serve(), asio::detached);
    context_.run();
    boxes_.clear();
    if (made_base_) (void)remove_tree(settings_.base);
    return 0;
  }

 private:
  // Any connection that ends means that hone is gone.
  Task<void> serve() {
    Stream control(context_, sandboxes::kFirstDescriptor);
    SandboxReport report = co_await choose_tier();
    if (!co_await write_frame(control, encode(report)) || !report.available) co_return context_.stop();
    for (int i = 0; i < slots_; ++i) asio::co_spawn(context_, serve_slot(*boxes_[i], i), asio::detached);
    co_await workers_.serve(control);
    context_.stop();
  }

  Task<SandboxReport> choose_tier() {
    SandboxReport report;
    for (int tier = static_cast<int>(best_); tier <= static_cast<int>(worst_); ++tier) {
      report.tier = static_cast<Tier>(tier);
      const std::string reason = co_await try_tier(report.tier);
      if (reason.empty()) {
        report.available = true;
        SandboxReport told = report;
        describe(told, boxes_[0]->warm());
        told.lacks.insert(told.lacks.end(), report.lacks.begin(), report.lacks.end());
        co_return told;
      }
      advise(report, report.tier, reason);
    }
    co_return report;
  }

  // Makes the slots and really runs a program in the first.
  Task<std::string> try_tier(Tier tier) {
    if (tier != Tier::kNamespaces && !made_base_) {
      if (::mkdir(settings_.base.c_str(), 0711) != 0) co_return os_error(errno, "make", settings_.base).to_string();
      made_base_ = true;
    }
    boxes_.clear();
    for (int i = 0; i < slots_; ++i) boxes_.push_back(std::make_unique<Slot>(context_, settings_, tier, i));
    sandboxes::RunRequest request;
    request.argv = {"true"};
    Outcome outcome = co_await boxes_[0]->run(to_order(request));
    const sandboxes::RunResult& result = outcome.result;
    if (result.ending == sandboxes::Ending::kExited && result.code == 0) co_return "";
    co_return result.reason.empty() ? result.err.substr(0, result.err.find('\n')) : result.reason;
  }

  Task<void> serve_slot(Slot& slot, int index) {
    Stream client(context_, sandboxes::kFirstDescriptor + 1 + index);
    (void)co_await slot.warm_up();
    for (;;) {
      const std::optional<std::string> frame = co_await read_frame(client);
      const std::optional<Order> order = frame ? sandboxes::decode_order(*frame) : std::nullopt;
      if (!order) break;
      if (!co_await write_frame(client, encode(co_await slot.run(*order)))) break;
    }
    context_.stop();
  }

  const int slots_;
  const Tier best_, worst_;
  const Settings settings_;
  asio::io_context context_{1};
  std::vector<std::unique_ptr<Slot>> boxes_;
  Workers workers_;
  bool made_base_ = false;
};

int number(const char* text) {
  int value = -1;
  std::from_chars(text, text + std::char_traits<char>::length(text), value);
  return value;
}

// The directory of this program.
std::string own_directory() {
  char path[4096];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  const std::string_view whole(path, size < 0 ? 0 : static_cast<size_t>(size));
  return std::string(whole.substr(0, whole.rfind('/')));
}

int run(int count, char** words) {
  if (count != 6) {
    std::cerr << "hone-sandboxd is started by hone\n";
    return 2;
  }
  ::signal(SIGPIPE, SIG_IGN);
  // A terminal's Ctrl-C is for hone, which ends us when it has ended.
  ::signal(SIGINT, SIG_IGN);
  Daemon daemon(number(words[1]), static_cast<Tier>(number(words[2])), static_cast<Tier>(number(words[3])),
                {.programs = own_directory(), .python = words[4], .base = words[5]});
  return daemon.run();
}

}  // namespace
}  // namespace hone::sandboxd

int main(int count, char** words) {
  try {
    return hone::sandboxd::run(count, words);
  } catch (const std::exception& error) {
    std::cerr << "hone-sandboxd: " << error.what() << "\n";
    return 1;
  }
}
