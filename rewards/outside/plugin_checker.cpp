// Loads checkers built outside the tree (plugin.h).
#include <dlfcn.h>

#include <cmath>

#include "base/json_reader.h"
#include "rewards/outside/plugin.h"
#include "rewards/outside/protocol.h"
#include "rewards/registry.h"
#include "rl/verdict.h"

namespace hone::rewards {
namespace {

using nlohmann::json;

static_assert(HONE_CORRECT == static_cast<int>(rl::Verdict::kCorrect) &&
              HONE_INFRA == static_cast<int>(rl::Verdict::kInfra) && HONE_INFRA + 1 == rl::kNumVerdicts);

hone_text view(std::string_view text) { return {text.data(), text.size()}; }
std::string text(hone_text t) { return t.data == nullptr ? std::string() : std::string(t.data, t.size); }

void take_text(void* context, hone_text message) { *static_cast<std::string*>(context) = one_line(text(message)); }

// The texts of one sample, for as long as the plug-in looks at it.
struct Sample {
  explicit Sample(const CheckInput& input)
      : gold(input.gold != nullptr ? to_text(*input.gold) : ""),
        extra_info(input.extra_info != nullptr ? to_text(*input.extra_info) : "") {}
  std::string gold, extra_info;
};

hone_input input_of(const CheckInput& input, const Sample& sample) {
  return {.prompt = view(input.prompt),
          .completion = view(input.completion),
          .gold = view(sample.gold),
          .extra_info = view(sample.extra_info),
          .data_source = view(input.data_source),
          .tokens = input.tokens.data(),
          .token_count = input.tokens.size(),
          .serial = input.serial,
          .index = input.index,
          .truncated = input.finish == rl::FinishReason::kLength,
          .bare_answer = input.bare_answer};
}

CheckResult result_of(const hone_result& result) {
  if (result.verdict < 0 || result.verdict >= rl::kNumVerdicts)
    return {.reason = str("the plug-in gave the verdict ", result.verdict, ", which does not exist")};
  const auto verdict = static_cast<rl::Verdict>(result.verdict);
  if (rl::has_score(verdict) && !std::isfinite(result.score)) return {.reason = "the plug-in's score is not finite"};
  return {.verdict = verdict,
          .score = rl::has_score(verdict) ? result.score : 0,
          .extracted = text(result.extracted),
          .canonical = text(result.canonical),
          .gold_canonical = text(result.gold_canonical),
          .reason = one_line(text(result.reason))};
}

void take_result(void* context, const hone_result* result) {
  static_cast<std::vector<CheckResult>*>(context)->push_back(result_of(*result));
}

// The library stays loaded until the end of the process: what its static objects left behind may still be in use.
Result<const hone_plugin_api*> load(const std::string& path) {
  const std::string file = path.find('/') == path.npos ? "./" + path : path;
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Error{.message = str("cannot be loaded: ", ::dlerror()), .field = "path"};
  const auto entry = reinterpret_cast<decltype(&hone_plugin)>(::dlsym(library, "hone_plugin"));
  if (entry == nullptr)
    return Error{.message = str(path, " is no plug-in of hone: it does not export hone_plugin"), .field = "path"};
  const hone_plugin_api* api = entry();
  if (api == nullptr || api->abi != HONE_PLUGIN_ABI)
    return Error{.message = str(path, " was built for version ", api == nullptr ? 0 : api->abi,
                                " of the plug-in interface, this hone has ", HONE_PLUGIN_ABI, "; build it again"),
                 .field = "path"};
  return api;
}

class PluginChecker final : public Checker {
 public:
  struct Options {
    std::string path, name;
    std::string options = "{}";

    Fields fields() {
      return {field("path", path, {.help = "The shared library.", .required = true, .is_file = true}),
              field("name", name, {.help = "Which of its checkers; may be left out where it has only one."}),
              field("options", options, {.help = "That checker's options: a JSON object as text."})};
    }
  };
  static Result<std::unique_ptr<Checker>> make(const Options& options, const CheckerContext&);
  ~PluginChecker() override { api_->destroy(checker_); }

  Result<void> check_gold(const json& gold) const override {
    std::string problem = "the plug-in refuses it";
    if (api_->check_gold(checker_, view(to_text(gold)), take_text, &problem) != 0) return {};
    return Error{.message = problem};
  }
  CheckResult check(const CheckInput& input) const override { return run({&input, 1}).front(); }
  bool wants_group() const override { return api_->wants_group(checker_) != 0; }
  std::vector<CheckResult> check_group(std::span<const CheckInput> group) const override {
    return wants_group() ? run(group) : Checker::check_group(group);
  }

 private:
  PluginChecker(const hone_plugin_api* api, void* checker) : api_(api), checker_(checker) {}
  std::vector<CheckResult> run(std::span<const CheckInput> group) const;

  const hone_plugin_api* const api_;
  void* const checker_;
};

HONE_CHECKER("plugin", PluginChecker, "a checker of your own in a shared library");

Result<std::unique_ptr<Checker>> PluginChecker::make(const Options& options, const CheckerContext&) {
  const auto own = parse_json(options.options, "");
  if (!own || !own->is_object()) return Error{.message = "must be a JSON object as text", .field = "options"};
  HONE_TRY_ASSIGN(const hone_plugin_api* api, load(options.path));
  std::string problem = "the plug-in made no checker and did not say why";
  void* checker = api->create(view(options.name), view(options.options), take_text, &problem);
  if (checker == nullptr) return Error{.message = str(options.path, ": ", problem)};
  return std::unique_ptr<Checker>(new PluginChecker(api, checker));
}

std::vector<CheckResult> PluginChecker::run(std::span<const CheckInput> group) const {
  const std::vector<Sample> texts(group.begin(), group.end());
  std::vector<hone_input> samples;
  for (size_t i = 0; i < group.size(); ++i) samples.push_back(input_of(group[i], texts[i]));
  std::vector<CheckResult> results;
  api_->check(checker_, samples.data(), samples.size(), take_result, &results);
  if (results.size() == group.size()) return results;
  return std::vector(group.size(), CheckResult{.reason = str("the plug-in gave ", results.size(), " results for ",
                                                             group.size(), " samples")});
}

}  // namespace
}  // namespace hone::rewards
