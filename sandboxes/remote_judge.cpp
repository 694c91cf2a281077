#include "sandboxes/remote_judge.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <semaphore>
#include <sstream>

#include "base/base64.h"
#include "base/http_client.h"
#include "base/json.h"
#include "base/json_reader.h"
#include "sandboxes/request_check.h"

namespace hone::sandboxes {
namespace {

using nlohmann::json;

// Names of BoxFile never begin with a dot.
constexpr char kIn[] = ".hone-in", kOut[] = ".hone-out", kErr[] = ".hone-err", kTimes[] = ".hone-times";
constexpr char kChannelIn[] = ".hone-3", kChannelOut[] = ".hone-4";
constexpr int64_t kMaxReplyBytes = int64_t{256} << 20;
constexpr size_t kMaxErrBytes = 64 << 10;
constexpr size_t kMaxChannelBytes = 8 << 20;

RunResult infra(const std::string& reason) { return {.ending = Ending::kInfra, .reason = "remote judge: " + reason}; }

std::string shell_quoted(std::string_view word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string script_of(const RunRequest& request) {
  std::string script;
  for (const BoxFile& file : request.files)
    if (file.executable) script += "chmod 700 " + shell_quoted(file.name) + "\n";
  const auto cpu = static_cast<int64_t>(std::ceil(request.limits.cpu_seconds));
  const int64_t written = std::max(request.limits.output_mib, request.limits.files_mib) * 1024;
  // SIGXCPU at the limit, SIGKILL a second later.
  script += str("ulimit -c 0\nulimit -f ", written, "\nulimit -S -t ", cpu, "\nulimit -H -t ", cpu + 1, "\n");
  script += "TIMEFORMAT='%U %S'\n{ time";
  if (request.runner == Runner::kPython) script += " python3 -I -S";
  for (const std::string& word : request.argv) script += " " + shell_quoted(word);
  script += str(" < ", kIn, " > ", kOut, " 2> ", kErr);
  if (request.channel) script += str(" 3< ", kChannelIn, " 4> ", kChannelOut);
  return script + str("\n} 2> ", kTimes, "\n");  // the status of the group is that of the program
}

json body_of(const RunRequest& request) {
  json files = json::object();
  for (const BoxFile& file : request.files) files[file.name] = to_base64(*file.bytes);
  files[kIn] = to_base64(request.input ? *request.input : "");
  json fetch = {kOut, kErr, kTimes};
  if (request.channel) {
    files[kChannelIn] = to_base64(*request.channel);
    fetch.push_back(kChannelOut);
  }
  for (const std::string& name : request.fetch) fetch.push_back(name);
  return {{"language", "bash"},
          {"code", script_of(request)},
          {"run_timeout", request.limits.wall_seconds},
          {"memory_limit_MB", request.limits.memory_mib},
          {"files", files},
          {"fetch_files", fetch}};
}

// A file of the answer; none where the program made none. False: it cannot be read.
bool read_file(const json& files, const std::string& name, std::optional<std::string>& bytes) {
  const auto found = files.find(name);
  if (found == files.end() || found->is_null()) return true;
  if (found->is_string()) bytes = from_base64(found->get_ref<const std::string&>());
  return bytes.has_value();
}

// User and system time: the last line of what bash wrote.
double cpu_seconds_of(std::string_view times) {
  if (times.ends_with('\n')) times.remove_suffix(1);
  std::istringstream line(std::string(times.substr(times.rfind('\n') + 1)));
  double user = 0, system = 0;
  line >> user >> system;
  return line.fail() ? 0 : user + system;
}

// How the program ended, from its files and its exit code.
void read_ending(const RunRequest& request, bool timed_out, int code, RunResult& result) {
  const bool signalled = code < 0 || code > 128;
  const int signal = code < 0 ? -code : code - 128;
  const auto most_output = static_cast<size_t>(request.limits.output_mib) << 20;
  const bool too_much_cpu = result.cpu_seconds > request.limits.cpu_seconds || (signalled && signal == SIGXCPU);
  const bool too_much_output = result.out.size() > most_output || (signalled && signal == SIGXFSZ);
  result.out.resize(std::min(result.out.size(), most_output));
  result.code = signalled ? signal : code;
  if (too_much_cpu) result.ending = Ending::kCpuLimit;
  else if (timed_out) result.ending = Ending::kWallLimit;
  else if (too_much_output) result.ending = Ending::kOutputLimit;
  else result.ending = signalled ? Ending::kSignalled : Ending::kExited;
}

// What is wrong with the files.
std::string read_files(const RunRequest& request, const json& files, RunResult& result) {
  std::optional<std::string> out, err, times, channel;
  for (auto [name, bytes] : {std::pair(kOut, &out), std::pair(kErr, &err), std::pair(kTimes, &times),
                             std::pair(kChannelOut, &channel)})
    if (!read_file(files, name, *bytes)) return str("the file ", name, " of its answer is not base64");
  if (!out) return "its answer has no output: it did not run the program";
  result.out = std::move(*out);
  result.err = err.value_or("").substr(0, kMaxErrBytes);
  result.channel = channel.value_or("").substr(0, kMaxChannelBytes);
  result.cpu_seconds = cpu_seconds_of(times.value_or(""));
  for (const std::string& name : request.fetch) {
    std::optional<std::string> bytes;
    if (!read_file(files, name, bytes)) return str("the file ", name, " of its answer is not base64");
    if (bytes) result.fetched.push_back({name, std::make_shared<const std::string>(std::move(*bytes))});
  }
  return {};
}

RunResult read_answer(const RunRequest& request, const json& answer) {
  if (!answer.is_object() || !answer.contains("status")) return infra("its answer is not one of /run_code");
  if (answer["status"] != "Success" && answer["status"] != "Failed")
    return infra("it failed: " + answer.value("message", json()).dump(-1, ' ', true).substr(0, 300));
  const json run = answer.value("run_result", json()), files = answer.value("files", json());
  if (!run.is_object() || !files.is_object()) return infra("its answer has no run_result or no files");
  const bool timed_out = run.value("status", json()) == "TimeLimitExceeded";
  const json code = run.value("return_code", json()), time = run.value("execution_time", json());
  if (!timed_out && (run.value("status", json()) != "Finished" || !code.is_number_integer()))
    return infra("its run_result has no return_code");
  RunResult result;
  if (std::string problem = read_files(request, files, result); !problem.empty()) return infra(problem);
  result.wall_seconds = time.is_number() ? time.get<double>() : 0;
  read_ending(request, timed_out, timed_out ? 0 : code.get<int>(), result);
  return result;
}

class RemoteSandbox final : public Sandbox {
 public:
  RemoteSandbox(RemoteOptions options, HttpUrl url)
      : options_(std::move(options)), url_(std::move(url)), free_(options_.slots) {}

  Tier tier() const override { return Tier::kUnsafe; }
  int slots() const override { return options_.slots; }
  Result<RunResult> run(const RunRequest& request) override {
    HONE_TRY(check(request));
    const std::string body = body_of(request).dump(-1, ' ', false, json::error_handler_t::replace);
    const HttpLimits limits{.timeout_seconds = request.limits.wall_seconds + options_.spare_seconds,
                            .max_reply_bytes = kMaxReplyBytes,
                            .retries = options_.retries};
    free_.acquire();
    const HttpReply reply = http_post_json(url_, body, limits);
    free_.release();
    if (reply.end != HttpReply::End::kAnswered) return infra(reply.reason);
    if (reply.status != 200) return infra(str("it answered with status ", reply.status));
    const Result<json> answer = parse_json(reply.body, "");
    if (!answer) return infra("its answer is " + answer.error().message);
    return read_answer(request, *answer);
  }
  Result<std::unique_ptr<Worker>> spawn(const WorkerRequest&) override {
    return Error{.message = "a remote judge runs programs, not the workers of a checker"};
  }

 private:
  const RemoteOptions options_;
  const HttpUrl url_;
  std::counting_semaphore<> free_;
};

}  // namespace

Result<std::shared_ptr<Sandbox>> connect_remote(const RemoteOptions& options) {
  HONE_TRY_ASSIGN(HttpUrl url, parse_http_url(options.url));
  HONE_CHECK_LE(1, options.slots);
  if (url.target == "/") url.target = "/run_code";
  return std::shared_ptr<Sandbox>(std::make_shared<RemoteSandbox>(options, std::move(url)));
}

}  // namespace hone::sandboxes
