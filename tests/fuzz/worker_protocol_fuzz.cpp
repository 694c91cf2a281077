// What workers and servers write, as any bytes: read within bounds, and never a score that is not finite or a verdict
// whose score is not its own.
#include <cmath>
#include <cstdlib>

#include "base/json_reader.h"
#include "base/utf8.h"
#include "rewards/outside/protocol.h"
#include "rl/verdict.h"

namespace hone::rewards {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void require_sound(const CheckResult& result) {
  require(std::isfinite(result.score));
  const bool scored = result.verdict == rl::Verdict::kCorrect || result.verdict == rl::Verdict::kWrong ||
                      result.verdict == rl::Verdict::kScored;
  require(scored || result.score == 0);
  require(result.reason.size() <= 600 && result.reason.find('\n') == std::string::npos);
}

void read_line(const std::string& line) {
  (void)parse_hello(line);
  const Result<nlohmann::json> answer = parse_json(line, "");
  if (!answer.ok()) return;
  require_sound(result_of(*answer));
  for (const CheckResult& result : results_of(*answer, 3)) require_sound(result);
}

// The pieces in which bytes arrive change nothing.
void read_stream(std::string_view bytes) {
  constexpr size_t kMaxBytes = 4096;
  LineReader whole(kMaxBytes), pieces(kMaxBytes);
  std::vector<std::string> lines, again;
  const bool fine = whole.feed(bytes, lines);
  bool still_fine = true;
  for (size_t i = 0; still_fine && i < bytes.size(); i += 7) still_fine = pieces.feed(bytes.substr(i, 7), again);
  require(fine == still_fine && lines == again);
  for (const std::string& line : lines) read_line(line);
}

void ask(std::string_view bytes) {
  const std::string text = to_text(request_of({.prompt = bytes, .completion = bytes, .data_source = bytes}, true));
  require(text.find('\n') == text.npos);
  for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(utf8_length(rest)))
    require(utf8_length(rest) > 0);
  require(parse_json(text, "").ok());
}

}  // namespace
}  // namespace hone::rewards

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  hone::rewards::read_stream(bytes);
  hone::rewards::read_line(std::string(bytes));
  hone::rewards::ask(bytes);
  return 0;
}
