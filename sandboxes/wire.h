// What hone and hone-sandboxd say to each other. A connection belongs to one slot and carries one run at a time; one
// more carries the requests for workers. Frame: u64 size, bytes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sandboxes/sandbox.h"

namespace hone::sandboxes {

inline constexpr uint64_t kMaxFrame = uint64_t{1} << 30;
inline constexpr size_t kErrBytes = 64 << 10;
inline constexpr size_t kChannelBytes = 8 << 20;
// Descriptors of hone-sandboxd at its start: the connection for workers, then one connection a slot.
inline constexpr int kFirstDescriptor = 3;

// A run as hone-sandboxd sees it; `plan` goes on to the inside of the box (box/protocol.h).
struct Order {
  double wall_seconds = 0;
  uint64_t output_bytes = 0;
  bool has_channel = false;
  std::string input, channel, plan;
};
std::string encode(const Order& order);
std::optional<Order> decode_order(const std::string& bytes);
Order to_order(const RunRequest& request);

// Fetched files are told by their place in RunRequest::fetch.
struct Outcome {
  RunResult result;
  std::vector<uint32_t> fetched;
};
std::string encode(const Outcome& outcome);
std::optional<Outcome> decode_outcome(const std::string& bytes);

std::string encode(const SandboxReport& report);
std::optional<SandboxReport> decode_report(const std::string& bytes);

std::string encode(const WorkerRequest& request);
std::optional<WorkerRequest> decode_worker(const std::string& bytes);

}  // namespace hone::sandboxes
