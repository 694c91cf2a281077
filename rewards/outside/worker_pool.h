// Worker processes that answer requests, many at once. One thread watches them all, so nobody ever waits for a worker
// that does not read, does not answer or has died.
//
// A request that fails runs again, alone in a fresh worker; the same failure twice, alone, is its end. So neither a
// neighbour's crash nor one stroke of bad luck decides about a sample.
#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "rewards/outside/protocol.h"
#include "rewards/outside/worker_link.h"
#include "sandboxes/sandbox.h"

namespace hone::rewards {

struct PoolOptions {
  sandboxes::WorkerRequest command;
  int64_t workers = 1;
  double cpu_seconds = 10;    // of a request that is alone in its worker, sampled ten times a second
  double wall_seconds = 60;   // of any request, from the moment a worker gets it
  double start_seconds = 60;  // until the hello
  int64_t start_attempts = 3;  // failed starts in a row that end all requests that wait, while no worker runs
};

struct Reply {
  enum class End { kAnswered, kLimit, kTimeout, kInfra };
  End end = End::kInfra;
  nlohmann::json answer;  // an object, of kAnswered
  std::string reason;     // of the other ends
};

class WorkerPool {
 public:
  // Starts one worker and waits for its hello; the others start when there is work for them. Error when it fails.
  static Result<std::unique_ptr<WorkerPool>> start(std::shared_ptr<sandboxes::Sandbox> sandbox, PoolOptions options);
  ~WorkerPool();  // ends the workers; no call may be under way

  const Capabilities& capabilities() const { return capabilities_; }  // of the first worker
  // Waits for the end of the request, an object; its id is added here. Any thread.
  Reply call(nlohmann::json request);

 private:
  using Clock = std::chrono::steady_clock;
  enum class Failure { kBudget, kDeadline, kLost };
  struct Item {
    uint64_t id = 0;
    std::string line;
    std::promise<Reply> reply;
    bool alone = false;
    std::array<int, 3> failures{};  // of its runs alone, by Failure
  };
  using ItemPtr = std::unique_ptr<Item>;
  struct Running {
    ItemPtr item;
    Clock::time_point since;
    std::optional<double> cpu_at_start;
  };
  struct Slot {
    std::unique_ptr<WorkerLink> link;  // null: to be removed
    Clock::time_point started;
    bool ready = false;  // said hello
    int64_t max_inflight = 1;
    std::map<uint64_t, Running> running;  // by id
  };

  WorkerPool(std::shared_ptr<sandboxes::Sandbox> sandbox, PoolOptions options);
  void loop();
  bool take_inbox();  // false: stop
  void dispatch();
  Slot* slot_for(const Item& item);
  void start_worker();
  void start_failed(const std::string& reason);
  void wait();
  Clock::time_point next_event() const;
  void serve(Slot& slot);
  void greet(Slot& slot, const std::string& line);
  std::string take_answers(Slot& slot, const std::vector<std::string>& lines);
  void check_limits(Slot& slot);
  void fail(Slot& slot, Failure failure, const std::string& reason);
  void end_waiting(const std::string& reason);

  const std::shared_ptr<sandboxes::Sandbox> sandbox_;
  const PoolOptions options_;
  Capabilities capabilities_;
  FileDescriptor wake_;  // eventfd: the inbox or the stop flag has changed

  std::mutex mutex_;  // guards the inbox
  std::vector<ItemPtr> inbox_;
  uint64_t next_id_ = 1;
  bool stop_ = false;

  // The rest belongs to the thread.
  std::deque<ItemPtr> waiting_;
  std::deque<Slot> slots_;
  int64_t failed_starts_ = 0;  // in a row
  Clock::time_point start_not_before_;
  std::optional<std::promise<Result<Capabilities>>> first_hello_;
  std::thread thread_;
};

}  // namespace hone::rewards
