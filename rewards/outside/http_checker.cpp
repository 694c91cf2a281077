// Checkers behind HTTP: the requests and answers of protocol.h by POST, one at a time, or with `group` a list for the
// samples of a problem.
#include <atomic>
#include <map>
#include <semaphore>

#include "base/http_client.h"
#include "base/json_reader.h"
#include "rewards/outside/protocol.h"
#include "rewards/registry.h"

namespace hone::rewards {
namespace {

using nlohmann::json;

class HttpChecker final : public Checker {
 public:
  struct Options {
    std::string url;
    double timeout_seconds = 60;
    int64_t retries = 2;
    int64_t max_inflight = 32;
    bool group = false;
    bool completion_ids = false;

    Fields fields();
  };
  static Result<std::unique_ptr<Checker>> make(const Options& options, const CheckerContext&);

  Result<void> check_gold(const json&) const override { return {}; }  // only the server can tell
  CheckResult check(const CheckInput& input) const override;
  bool wants_group() const override { return options_.group; }
  std::vector<CheckResult> check_group(std::span<const CheckInput> group) const override;

 private:
  HttpChecker(Options options, HttpUrl url)
      : options_(std::move(options)), url_(std::move(url)), free_(options_.max_inflight) {}
  json numbered(const CheckInput& input) const;
  Result<json> post(const json& request, CheckResult& failure) const;

  const Options options_;
  const HttpUrl url_;
  mutable std::atomic<uint64_t> next_id_ = 1;
  mutable std::counting_semaphore<kMaxInflight> free_;
};

HONE_CHECKER("http", HttpChecker, "a server of your own that answers JSON");

Fields HttpChecker::Options::fields() {
  return {field("url", url, {.help = "http://host[:port][/path].", .required = true}),
          field("timeout_seconds", timeout_seconds, {.help = "Time for one request; passed, the verdict is timeout.",
                                                     .range = above(0, 86400)}),
          field("retries", retries, {.help = "Further tries when a connection fails or is lost.",
                                     .range = between(0, 20)}),
          field("max_inflight", max_inflight, {.help = "Requests at a time.", .range = between(1, kMaxInflight)}),
          field("group", group, {.help = "Send all samples of a problem as one list."}),
          field("completion_ids", completion_ids, {.help = "Send the tokens, too."})};
}

Result<std::unique_ptr<Checker>> HttpChecker::make(const Options& options, const CheckerContext&) {
  Result<HttpUrl> url = parse_http_url(options.url);
  if (!url) return Error{.message = url.error().message, .field = "url"};
  return std::unique_ptr<Checker>(new HttpChecker(options, std::move(url).value()));
}

json HttpChecker::numbered(const CheckInput& input) const {
  json request = request_of(input, options_.completion_ids);
  request["id"] = next_id_++;
  return request;
}

// The server's JSON; else `failure` says how the samples end.
Result<json> HttpChecker::post(const json& request, CheckResult& failure) const {
  const HttpLimits limits{.timeout_seconds = options_.timeout_seconds,
                          .max_reply_bytes = static_cast<int64_t>(kMaxLineBytes),
                          .retries = options_.retries};
  free_.acquire();
  const HttpReply reply = http_post_json(url_, to_text(request), limits);
  free_.release();
  Result<json> answer = Error{.message = one_line(reply.reason)};
  if (reply.end == HttpReply::End::kAnswered && reply.status != 200)
    answer = Error{.message = str("the server answered with status ", reply.status)};
  else if (reply.end == HttpReply::End::kAnswered)
    answer = parse_json(reply.body, "the server's answer");
  const bool late = reply.end == HttpReply::End::kTimeout;
  failure.verdict = late ? rl::Verdict::kTimeout : rl::Verdict::kInfra;
  if (!answer) failure.reason = answer.error().to_string();
  return answer;
}

CheckResult HttpChecker::check(const CheckInput& input) const {
  if (options_.group) return check_group({&input, 1}).front();
  const json request = numbered(input);
  CheckResult failure;
  const Result<json> answer = post(request, failure);
  if (!answer) return failure;
  const bool matched = answer->is_object() && answer->contains("id") && (*answer)["id"] == request["id"];
  return matched ? result_of(*answer) : CheckResult{.reason = "the server's answer has another id"};
}

std::vector<CheckResult> HttpChecker::check_group(std::span<const CheckInput> group) const {
  if (!options_.group) return Checker::check_group(group);
  json requests = json::array();
  for (const CheckInput& input : group) requests.push_back(numbered(input));
  CheckResult failure;
  const Result<json> answers = post(requests, failure);
  if (!answers) return std::vector(group.size(), failure);
  failure.reason = "the server's answer is no list with each id once";
  if (!answers->is_array()) return std::vector(group.size(), failure);
  std::map<json, const json*> by_id;
  for (const json& answer : *answers)
    if (answer.is_object() && answer.contains("id") && !by_id.emplace(answer["id"], &answer).second)
      return std::vector(group.size(), failure);
  std::vector<CheckResult> results;
  for (const json& request : requests) {
    const auto found = by_id.find(request["id"]);
    results.push_back(found == by_id.end() ? failure : result_of(*found->second));
  }
  return results;
}

}  // namespace
}  // namespace hone::rewards
