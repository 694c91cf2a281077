#include "base/parse_json.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace hone {
namespace {

using nlohmann::json;
using Event = json::parse_event_t;

Error json_error(const std::string& message) {
  Error error;
  error.message = message;
  return error;
}

// Watches a parse for what nlohmann::json lets pass; stops storing at the first find.
class Watch {
 public:
  // nlohmann::json::parser_callback_t; depth counts the levels around the value.
  bool operator()(int depth, Event event, const json& parsed) {
    if (!problem_.empty()) return false;
    if (event == Event::object_start || event == Event::array_start) open(depth, event == Event::object_start);
    if (event == Event::key) note_key(depth, parsed.get_ref<const std::string&>());
    return problem_.empty();
  }
  const std::string& problem() const { return problem_; }

 private:
  void open(int depth, bool object) {
    if (depth >= kMaxJsonDepth) problem_ = str("nested deeper than ", kMaxJsonDepth, " levels");
    if (!object) return;
    keys_.resize(std::max<size_t>(keys_.size(), depth + 2));
    keys_[depth + 1].clear();
  }
  void note_key(int depth, const std::string& key) {
    if (!keys_[depth].insert(key).second) problem_ = str("key \"", key, "\" twice in one object");
  }

  std::vector<std::set<std::string>> keys_;  // of the open object of each depth
  std::string problem_;
};

}  // namespace

Result<json> parse_json(std::string_view text) {
  Watch watch;
  try {
    json value = json::parse(text.begin(), text.end(), std::ref(watch));
    if (!watch.problem().empty()) return json_error(watch.problem());
    return value;
  } catch (const json::parse_error& e) {
    return json_error(str("not JSON at byte ", e.byte));
  } catch (const json::exception&) {
    return json_error("a number is beyond the range of double");
  }
}

}  // namespace hone
