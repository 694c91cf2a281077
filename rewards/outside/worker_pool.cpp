#include "rewards/outside/worker_pool.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "base/json_reader.h"

namespace hone::rewards {
namespace {

using nlohmann::json;
using std::chrono::duration;
using std::chrono::milliseconds;

constexpr milliseconds kTick{100};
constexpr milliseconds kFirstPause{100}, kLongestPause{5000};  // before a start that follows a failed one

template <class Duration>
double seconds(Duration d) {
  return duration<double>(d).count();
}

std::chrono::steady_clock::duration ticks(double seconds) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(duration<double>(seconds));
}

Reply failed(Reply::End end, std::string reason) { return {end, json(), std::move(reason)}; }

}  // namespace

Result<std::unique_ptr<WorkerPool>> WorkerPool::start(std::shared_ptr<sandboxes::Sandbox> sandbox,
                                                      PoolOptions options) {
  std::unique_ptr<WorkerPool> pool(new WorkerPool(std::move(sandbox), std::move(options)));
  pool->wake_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (pool->wake_.get() < 0) return os_error(errno, "make an eventfd", "");
  pool->first_hello_.emplace();
  std::future<Result<Capabilities>> hello = pool->first_hello_->get_future();
  pool->thread_ = std::thread(&WorkerPool::loop, pool.get());
  HONE_TRY_ASSIGN(pool->capabilities_, hello.get());
  return pool;
}

WorkerPool::WorkerPool(std::shared_ptr<sandboxes::Sandbox> sandbox, PoolOptions options)
    : sandbox_(std::move(sandbox)), options_(std::move(options)) {}

WorkerPool::~WorkerPool() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
}

Reply WorkerPool::call(json request) {
  auto item = std::make_unique<Item>();
  std::future<Reply> reply = item->reply.get_future();
  {
    const std::lock_guard lock(mutex_);
    item->id = next_id_++;
  }
  request["id"] = item->id;
  item->line = to_text(request) + "\n";
  if (item->line.size() > kMaxLineBytes)
    return failed(Reply::End::kInfra, str("a request of more than ", kMaxLineBytes, " bytes"));
  {
    const std::lock_guard lock(mutex_);
    inbox_.push_back(std::move(item));
  }
  ::eventfd_write(wake_.get(), 1);
  return reply.get();
}

void WorkerPool::loop() {
  sigset_t pipe_signal;  // a worker that died is an EPIPE, not the end of hone
  ::sigemptyset(&pipe_signal);
  ::sigaddset(&pipe_signal, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
  start_worker();
  while (take_inbox()) {
    dispatch();
    wait();
    for (Slot& slot : slots_) serve(slot);
    for (Slot& slot : slots_) check_limits(slot);
    std::erase_if(slots_, [](const Slot& slot) { return slot.link == nullptr; });
  }
  for (Slot& slot : slots_) fail(slot, Failure::kLost, "the checker is being ended");
  end_waiting("the checker is being ended");
}

bool WorkerPool::take_inbox() {
  eventfd_t ignored;
  ::eventfd_read(wake_.get(), &ignored);
  const std::lock_guard lock(mutex_);
  for (ItemPtr& item : inbox_) waiting_.push_back(std::move(item));
  inbox_.clear();
  return !stop_;
}

// In order: a request that must run alone is not overtaken, so it finds an empty worker in time.
void WorkerPool::dispatch() {
  while (!waiting_.empty()) {
    Slot* slot = slot_for(*waiting_.front());
    if (slot == nullptr) break;
    ItemPtr item = std::move(waiting_.front());
    waiting_.pop_front();
    slot->link->send(item->line);
    const uint64_t id = item->id;
    slot->running.emplace(id, Running{std::move(item), Clock::now(), std::nullopt});
  }
  auto starting = static_cast<size_t>(std::ranges::count(slots_, false, &Slot::ready));
  const auto most = static_cast<size_t>(options_.workers);
  while (starting < waiting_.size() && slots_.size() < most && Clock::now() >= start_not_before_) {
    start_worker();
    ++starting;
  }
}

// The worker with the least to do that may take the item.
WorkerPool::Slot* WorkerPool::slot_for(const Item& item) {
  Slot* best = nullptr;
  for (Slot& slot : slots_) {
    const bool reserved = !slot.running.empty() && slot.running.begin()->second.item->alone;
    const auto room = static_cast<size_t>(item.alone ? 1 : slot.max_inflight);
    if (!slot.ready || reserved || slot.running.size() >= room) continue;
    if (best == nullptr || slot.running.size() < best->running.size()) best = &slot;
  }
  return best;
}

void WorkerPool::start_worker() {
  auto worker = sandbox_->spawn(options_.command);
  if (!worker) return start_failed(worker.error().to_string());
  slots_.push_back({.link = std::make_unique<WorkerLink>(std::move(worker).value()), .started = Clock::now()});
  slots_.back().link->send(hello_line());
}

void WorkerPool::start_failed(const std::string& reason) {
  const std::string message = "the checker cannot be started: " + reason;
  if (first_hello_) {
    first_hello_->set_value(Error{.message = message});
    first_hello_.reset();
  }
  const auto doubled = kFirstPause * (int64_t{1} << std::min<int64_t>(failed_starts_++, 10));
  start_not_before_ = Clock::now() + std::min(doubled, kLongestPause);
  const bool any_ready = std::ranges::any_of(slots_, &Slot::ready);
  if (failed_starts_ >= options_.start_attempts && !any_ready) end_waiting(message);
}

void WorkerPool::end_waiting(const std::string& reason) {
  for (ItemPtr& item : waiting_) item->reply.set_value(failed(Reply::End::kInfra, reason));
  waiting_.clear();
}

void WorkerPool::wait() {
  std::vector<pollfd> polls = {{wake_.get(), POLLIN, 0}};
  for (const Slot& slot : slots_) slot.link->add_polls(polls);
  const double left = seconds(next_event() - Clock::now());
  ::poll(polls.data(), polls.size(), static_cast<int>(std::ceil(std::clamp(left, 0.0, 3600.0) * 1000)));
}

WorkerPool::Clock::time_point WorkerPool::next_event() const {
  const auto now = Clock::now();
  auto next = now + std::chrono::hours(1);
  if (!waiting_.empty() && start_not_before_ > now) next = start_not_before_;
  for (const Slot& slot : slots_) {
    if (!slot.ready) next = std::min(next, slot.started + ticks(options_.start_seconds));
    if (!slot.running.empty()) next = std::min<Clock::time_point>(next, now + kTick);
  }
  return next;
}

void WorkerPool::serve(Slot& slot) {
  if (slot.link == nullptr) return;
  WorkerLink::Traffic traffic = slot.link->exchange();
  if (!slot.ready && !traffic.lines.empty()) {
    greet(slot, traffic.lines.front());
    if (slot.link == nullptr) return;
    traffic.lines.erase(traffic.lines.begin());
  }
  const std::string problem = take_answers(slot, traffic.lines);
  if (!problem.empty()) return fail(slot, Failure::kLost, problem);
  if (slot.link != nullptr && !traffic.problem.empty())
    fail(slot, Failure::kLost, traffic.problem + slot.link->last_words());
}

void WorkerPool::greet(Slot& slot, const std::string& line) {
  Result<Capabilities> hello = parse_hello(line);
  if (!hello) return fail(slot, Failure::kLost, hello.error().message + slot.link->last_words());
  slot.ready = true;
  slot.max_inflight = hello->max_inflight;
  failed_starts_ = 0;
  if (first_hello_) first_hello_->set_value(std::move(hello));
  first_hello_.reset();
}

// All or none: what came together with a breach of the protocol cannot be trusted. Returns the breach.
std::string WorkerPool::take_answers(Slot& slot, const std::vector<std::string>& lines) {
  std::map<uint64_t, json> answers;
  for (const std::string& line : lines) {
    Result<json> answer = parse_json(line, "");
    const bool readable = answer.ok() && answer->is_object() && answer->contains("id");
    if (!readable) return "it wrote something else than an answer: '" + one_line(line.substr(0, 80)) + "'";
    const json& id = (*answer)["id"];
    if (!id.is_number_unsigned() || !slot.running.contains(id.get<uint64_t>()))
      return "it answered what it was not asked: id " + one_line(to_text(id));
    if (!answers.emplace(id.get<uint64_t>(), std::move(*answer)).second) return "it answered twice";
  }
  std::string over_budget;
  for (auto& [id, answer] : answers) {
    if (answer.contains("limit") && answer["limit"] == true) {
      over_budget = result_of(answer).reason;
      continue;
    }
    slot.running.at(id).item->reply.set_value({Reply::End::kAnswered, std::move(answer), ""});
    slot.running.erase(id);
  }
  if (!over_budget.empty()) fail(slot, Failure::kBudget, over_budget);
  return {};
}

void WorkerPool::check_limits(Slot& slot) {
  if (slot.link == nullptr) return;
  const auto now = Clock::now();
  if (!slot.ready && seconds(now - slot.started) > options_.start_seconds)
    return fail(slot, Failure::kLost, str("no hello within ", options_.start_seconds, " s", slot.link->last_words()));
  for (auto& [id, running] : slot.running) {
    if (seconds(now - running.since) > options_.wall_seconds)
      return fail(slot, Failure::kDeadline, str("no answer within ", options_.wall_seconds, " s"));
  }
  if (slot.running.size() > 1) {
    for (auto& [id, running] : slot.running) running.cpu_at_start.reset();
  }
  if (slot.running.size() != 1 || now - slot.running.begin()->second.since < kTick) return;
  Running& running = slot.running.begin()->second;
  const std::optional<double> cpu = slot.link->worker().cpu_seconds();
  if (!cpu) return;
  if (!running.cpu_at_start) running.cpu_at_start = cpu;
  if (*cpu - *running.cpu_at_start > options_.cpu_seconds)
    fail(slot, Failure::kBudget, str("more than ", options_.cpu_seconds, " s of processor time"));
}

// Ends the worker. What it was working on waits again, first in line, or is over.
void WorkerPool::fail(Slot& slot, Failure failure, const std::string& reason) {
  slot.link.reset();
  if (!slot.ready) start_failed(reason);
  const bool alone = slot.running.size() == 1;
  for (auto running = slot.running.rbegin(); running != slot.running.rend(); ++running) {
    ItemPtr item = std::move(running->second.item);
    item->alone = true;
    const bool over = alone && ++item->failures[static_cast<size_t>(failure)] == 2;
    if (!over) {
      waiting_.push_front(std::move(item));
      continue;
    }
    constexpr std::array kEnds = {Reply::End::kLimit, Reply::End::kTimeout, Reply::End::kInfra};
    item->reply.set_value(failed(kEnds[static_cast<size_t>(failure)], "the checker failed twice: " + reason));
  }
  slot.running.clear();
}

}  // namespace hone::rewards
