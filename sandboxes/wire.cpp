#include "sandboxes/wire.h"

#include <bit>

#include "base/bytes.h"
#include "base/file.h"
#include "sandboxes/box/protocol.h"

namespace hone::sandboxes {
namespace {

constexpr uint64_t kMaxItems = 1 << 16;

void put_f64(std::string& out, double value) { put_u64(out, std::bit_cast<uint64_t>(value)); }
double f64(ByteReader& in) { return std::bit_cast<double>(in.u64()); }

void put_strings(std::string& out, const std::vector<std::string>& list) {
  put_u64(out, list.size());
  for (const std::string& text : list) put_string(out, text);
}
std::vector<std::string> strings(ByteReader& in) {
  std::vector<std::string> list;
  const uint64_t count = in.u64();
  for (uint64_t i = 0; i < count && count < kMaxItems && in.ok(); ++i) list.push_back(in.string());
  return list;
}

template <class T>
std::optional<T> whole(const ByteReader& in, T value) {
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return value;
}

void put_plain(std::string& out, const auto& value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); }
void put_word(std::string& out, const std::string& word) {
  put_u32(out, static_cast<uint32_t>(word.size()));
  out.append(word);
}

std::string plan_of(const RunRequest& request) {
  uint64_t given = 0;
  for (const BoxFile& file : request.files) given += file.bytes->size();
  std::string out;
  out.reserve(given + 4096);
  put_plain(out, box::Plan{.cpu_seconds = request.limits.cpu_seconds,
                           .wall_seconds = request.limits.wall_seconds,
                           .memory_bytes = request.limits.memory_mib << 20,
                           .files_bytes = request.limits.files_mib << 20,
                           .processes = request.limits.processes,
                           .given_bytes = given,
                           .python = request.runner == Runner::kPython,
                           .words = static_cast<uint32_t>(request.argv.size()),
                           .files = static_cast<uint32_t>(request.files.size()),
                           .fetch = static_cast<uint32_t>(request.fetch.size())});
  for (const std::string& word : request.argv) put_word(out, word);
  for (const BoxFile& file : request.files) {
    put_word(out, file.name);
    put_u32(out, file.executable);
    put_u64(out, file.bytes->size());
    out.append(*file.bytes);
  }
  for (const std::string& name : request.fetch) put_word(out, name);
  return out;
}

}  // namespace

Order to_order(const RunRequest& request) {
  return {.wall_seconds = request.limits.wall_seconds,
          .output_bytes = static_cast<uint64_t>(request.limits.output_mib) << 20,
          .has_channel = request.channel != nullptr,
          .input = request.input ? *request.input : "",
          .channel = request.channel ? *request.channel : "",
          .plan = plan_of(request)};
}

std::string encode(const Order& order) {
  std::string out;
  out.reserve(order.input.size() + order.channel.size() + order.plan.size() + 64);
  put_f64(out, order.wall_seconds);
  put_u64(out, order.output_bytes);
  put_u8(out, order.has_channel);
  for (const std::string* text : {&order.input, &order.channel, &order.plan}) put_string(out, *text);
  return out;
}

std::optional<Order> decode_order(const std::string& bytes) {
  ByteReader in(as_bytes(bytes));
  Order order;
  order.wall_seconds = f64(in);
  order.output_bytes = in.u64();
  order.has_channel = in.u8() != 0;
  for (std::string* text : {&order.input, &order.channel, &order.plan}) *text = in.string();
  return whole(in, std::move(order));
}

std::string encode(const Outcome& outcome) {
  const RunResult& result = outcome.result;
  std::string out;
  put_u32(out, static_cast<uint32_t>(result.ending));
  put_u32(out, static_cast<uint32_t>(result.code));
  for (const double value : {result.cpu_seconds, result.wall_seconds, result.memory_mib}) put_f64(out, value);
  for (const std::string* text : {&result.out, &result.err, &result.channel, &result.reason}) put_string(out, *text);
  put_u64(out, result.fetched.size());
  for (size_t i = 0; i < result.fetched.size(); ++i) {
    put_u32(out, outcome.fetched[i]);
    put_string(out, *result.fetched[i].bytes);
  }
  return out;
}

std::optional<Outcome> decode_outcome(const std::string& bytes) {
  ByteReader in(as_bytes(bytes));
  Outcome outcome;
  RunResult& result = outcome.result;
  const uint32_t ending = in.u32();
  if (ending > static_cast<uint32_t>(Ending::kExited)) return std::nullopt;
  result.ending = static_cast<Ending>(ending);
  result.code = static_cast<int>(in.u32());
  for (double* value : {&result.cpu_seconds, &result.wall_seconds, &result.memory_mib}) *value = f64(in);
  for (std::string* text : {&result.out, &result.err, &result.channel, &result.reason}) *text = in.string();
  const uint64_t count = in.u64();
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    outcome.fetched.push_back(in.u32());
    result.fetched.push_back({.bytes = std::make_shared<const std::string>(in.string())});
  }
  return whole(in, std::move(outcome));
}

std::string encode(const SandboxReport& report) {
  std::string out;
  put_u8(out, static_cast<uint8_t>(report.tier));
  put_u8(out, report.available);
  for (const auto* list : {&report.holds, &report.lacks, &report.advice}) put_strings(out, *list);
  return out;
}

std::optional<SandboxReport> decode_report(const std::string& bytes) {
  ByteReader in(as_bytes(bytes));
  SandboxReport report;
  report.tier = static_cast<Tier>(in.u8());
  report.available = in.u8() != 0;
  for (auto* list : {&report.holds, &report.lacks, &report.advice}) *list = strings(in);
  return whole(in, std::move(report));
}

std::string encode(const WorkerRequest& request) {
  std::string out;
  put_strings(out, request.argv);
  put_strings(out, request.environment);
  put_string(out, request.directory);
  return out;
}

std::optional<WorkerRequest> decode_worker(const std::string& bytes) {
  ByteReader in(as_bytes(bytes));
  WorkerRequest request;
  request.argv = strings(in);
  request.environment = strings(in);
  request.directory = in.string();
  return whole(in, std::move(request));
}

}  // namespace hone::sandboxes
