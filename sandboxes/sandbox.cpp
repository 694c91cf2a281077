#include "sandboxes/sandbox.h"

#include <stdlib.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "sandboxes/daemon_link.h"
#include "sandboxes/request_check.h"
#include "sandboxes/wire.h"
#include "sandboxes/worker.h"

namespace hone::sandboxes {
namespace {

std::string find_in_path(const std::string& name) {
  const char* given = ::getenv("PATH");
  const std::string path = given ? given : "";
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find(':', at), path.size());
    const std::string candidate = path.substr(at, end - at) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    at = end + 1;
  }
  return "";
}

DaemonLink::Settings settings_of(const SandboxOptions& options) {
  DaemonLink::Settings settings;
  const unsigned cores = std::thread::hardware_concurrency();
  settings.slots = options.slots > 0 ? options.slots : cores > 0 ? static_cast<int>(cores) : 1;
  settings.best = options.best_tier;
  settings.worst = options.allow_unsafe ? Tier::kUnsafe : std::min(options.min_tier, Tier::kLandlock);
  settings.python = options.python;
  if (settings.python.empty()) {
    constexpr char kSystemPython[] = "/usr/bin/python3";
    settings.python = ::access(kSystemPython, X_OK) == 0 ? kSystemPython : find_in_path("python3");
  }
  return settings;
}

std::string lines(const std::vector<std::string>& list) {
  std::string all;
  for (const std::string& line : list) all += (all.empty() ? "" : "; ") + line;
  return all;
}

class Client final : public Sandbox {
 public:
  Client(DaemonLink::Settings settings, std::shared_ptr<DaemonLink> link)
      : settings_(std::move(settings)), link_(std::move(link)) {
    for (int slot = settings_.slots; slot-- > 0;) free_.push_back(slot);
  }

  Tier tier() const override { return settings_.best; }
  int slots() const override { return settings_.slots; }

  Result<RunResult> run(const RunRequest& request) override {
    HONE_TRY(check(request));
    const std::string frame = encode(to_order(request));
    const int slot = take_slot();
    RunResult result = run_in(slot, request, frame);
    give_back(slot);
    return result;
  }

  Result<std::unique_ptr<Worker>> spawn(const WorkerRequest& request) override {
    if (request.argv.empty()) return Error{.message = "names no program", .field = "argv"};
    WorkerRequest whole = request;
    for (const char* name : {"PATH", "HOME", "LANG"}) {
      if (const char* value = ::getenv(name)) whole.environment.push_back(str(name, "=", value));
    }
    if (whole.directory.empty()) whole.directory = current_directory();
    const std::string frame = encode(whole);
    for (int attempt = 0; attempt < 2; ++attempt) {
      HONE_TRY_ASSIGN(const std::shared_ptr<DaemonLink> link, link_after(nullptr));
      auto spawned = link->spawn(frame);
      if (!spawned) {
        HONE_TRY(link_after(link));
        continue;
      }
      HONE_TRY_ASSIGN(DaemonLink::WorkerDescriptors descriptors, std::move(*spawned));
      return make_worker(std::move(descriptors));
    }
    return Error{.code = ErrorCode::kIo, .message = "hone-sandboxd died twice"};
  }

 private:
  static std::string current_directory() {
    char path[4096];
    return ::getcwd(path, sizeof path) ? path : "/";
  }

  int take_slot() {
    std::unique_lock lock(mutex_);
    slot_free_.wait(lock, [this] { return !free_.empty(); });
    const int slot = free_.back();
    free_.pop_back();
    return slot;
  }

  void give_back(int slot) {
    {
      const std::lock_guard lock(mutex_);
      free_.push_back(slot);
    }
    slot_free_.notify_one();
  }

  // The connection to hone-sandboxd; a new one when `dead` is the current one.
  Result<std::shared_ptr<DaemonLink>> link_after(const std::shared_ptr<DaemonLink>& dead) {
    const std::lock_guard lock(link_mutex_);
    if (!link_ || link_ == dead) {
      link_.reset();
      HONE_TRY_ASSIGN(link_, DaemonLink::start(settings_));
      if (!link_->report().available) {
        const std::string lacks = lines(link_->report().lacks);
        link_.reset();
        return Error{.code = ErrorCode::kIo, .message = "the sandbox cannot be made again: " + lacks};
      }
    }
    return link_;
  }

  static RunResult infra(std::string reason) { return {.ending = Ending::kInfra, .reason = std::move(reason)}; }

  RunResult run_in(int slot, const RunRequest& request, const std::string& frame) {
    std::shared_ptr<DaemonLink> dead;
    for (int attempt = 0; attempt < 2; ++attempt) {
      Result<std::shared_ptr<DaemonLink>> link = link_after(dead);
      if (!link) return infra(link.error().to_string());
      const std::optional<std::string> answer = (*link)->exchange(slot, frame);
      if (!answer) {
        dead = *link;
        continue;
      }
      std::optional<Outcome> outcome = decode_outcome(*answer);
      if (!outcome) return infra("hone-sandboxd answers nonsense");
      for (size_t i = 0; i < outcome->fetched.size(); ++i) {
        if (outcome->fetched[i] >= request.fetch.size()) return infra("hone-sandboxd answers nonsense");
        outcome->result.fetched[i].name = request.fetch[outcome->fetched[i]];
      }
      return std::move(outcome->result);
    }
    return infra("hone-sandboxd died twice during the run");
  }

  const DaemonLink::Settings settings_;
  std::mutex mutex_;  // of free_
  std::condition_variable slot_free_;
  std::vector<int> free_;
  std::mutex link_mutex_;
  std::shared_ptr<DaemonLink> link_;
};

}  // namespace

Result<std::shared_ptr<Sandbox>> Sandbox::start(const SandboxOptions& options) {
  DaemonLink::Settings settings = settings_of(options);
  HONE_TRY_ASSIGN(std::shared_ptr<DaemonLink> link, DaemonLink::start(settings));
  const SandboxReport& report = link->report();
  if (!report.available) {
    const std::string advice = lines(report.advice);
    return Error{.code = ErrorCode::kIo,
                 .message = "no sandbox can be made here: " + lines(report.lacks) +
                            (advice.empty() ? "" : ". What would help: " + advice)};
  }
  // Started again, it may not become weaker.
  settings.best = settings.worst = report.tier;
  return std::shared_ptr<Sandbox>(std::make_shared<Client>(std::move(settings), std::move(link)));
}

SandboxReport Sandbox::probe(const SandboxOptions& options) {
  DaemonLink::Settings settings = settings_of(options);
  settings.slots = 1;
  settings.worst = Tier::kUnsafe;
  Result<std::shared_ptr<DaemonLink>> link = DaemonLink::start(settings);
  if (link) return (*link)->report();
  return {.lacks = {link.error().to_string()}};
}

}  // namespace hone::sandboxes
