#include "trainer/journal_format.h"

#include <bit>
#include <tuple>

#include "base/bytes.h"

namespace hone::trainer {
namespace {

void put(std::string& out, const GroupIssued& group) {
  put_u64(out, static_cast<uint64_t>(group.step));
  put_u64(out, group.serial);
}
void put(std::string& out, const SampleTaken& sample) {
  put_u64(out, sample.serial);
  put_u32(out, sample.index);
  put_u64(out, sample.tokens);
  put_u64(out, sample.logprobs);
  put_u8(out, static_cast<uint8_t>(sample.finish));
}
void put(std::string& out, const VerdictGiven& given) {
  put_u64(out, given.serial);
  put_u32(out, given.index);
  put_string(out, given.component.name);
  put_u8(out, static_cast<uint8_t>(given.component.verdict));
  put_u64(out, std::bit_cast<uint64_t>(given.component.score));
  put_string(out, given.component.reason);
}
void put(std::string& out, const StepDone& step) {
  put_u64(out, static_cast<uint64_t>(step.step));
  put_u64(out, step.cursor);
  put_string(out, step.weights);
}
void put(std::string& out, const StageDone& stage) {
  put_u64(out, static_cast<uint64_t>(stage.step));
  put_string(out, stage.weights);
}

// Initializer lists in braces are evaluated from left to right, in the order of put.
JournalRecord read_group(ByteReader& in) { return GroupIssued{static_cast<int64_t>(in.u64()), in.u64()}; }
JournalRecord read_sample(ByteReader& in) {
  return SampleTaken{in.u64(), in.u32(), in.u64(), in.u64(), static_cast<rl::FinishReason>(in.u8())};
}
JournalRecord read_verdict(ByteReader& in) {
  return VerdictGiven{in.u64(), in.u32(), {in.string(), static_cast<rl::Verdict>(in.u8()),
                                           std::bit_cast<double>(in.u64()), in.string()}};
}
JournalRecord read_step(ByteReader& in) { return StepDone{static_cast<int64_t>(in.u64()), in.u64(), in.string()}; }
JournalRecord read_stage(ByteReader& in) { return StageDone{static_cast<int64_t>(in.u64()), in.string()}; }

constexpr JournalRecord (*kReaders[])(ByteReader&) = {read_group, read_sample, read_verdict, read_step, read_stage};
static_assert(std::size(kReaders) == std::variant_size_v<JournalRecord>);

bool in_range(const JournalRecord& record) {
  if (const auto* sample = std::get_if<SampleTaken>(&record)) return sample->finish <= rl::FinishReason::kLength;
  if (const auto* given = std::get_if<VerdictGiven>(&record)) return given->component.verdict <= rl::Verdict::kInfra;
  return true;
}

}  // namespace

bool operator==(const VerdictGiven& a, const VerdictGiven& b) {
  const auto key = [](const VerdictGiven& v) {
    return std::tuple(v.serial, v.index, v.component.verdict, std::bit_cast<uint64_t>(v.component.score));
  };
  return key(a) == key(b) && a.component.name == b.component.name && a.component.reason == b.component.reason;
}

void encode(std::string& out, const JournalRecord& record) {
  put_u8(out, static_cast<uint8_t>(record.index()));
  std::visit([&out](const auto& value) { put(out, value); }, record);
}

Result<JournalBatch> decode_batch(std::span<const std::byte> payload) {
  const auto problem = [](std::string message) {
    return Error{.code = ErrorCode::kCorrupt, .message = std::move(message)};
  };
  ByteReader in(payload);
  JournalBatch batch{in.string(), {}};
  while (in.ok() && !in.at_end()) {
    const uint8_t kind = in.u8();
    if (kind >= std::size(kReaders)) return problem(str("record of kind ", int{kind}));
    batch.records.push_back(kReaders[kind](in));
    if (!in_range(batch.records.back())) return problem("unknown verdict or finish");
  }
  if (!in.ok()) return problem("record cut short");
  return batch;
}

}  // namespace hone::trainer
