#include "base/json_reader.h"

#include <functional>
#include <set>
#include <vector>

namespace hone {
namespace {

using Json = nlohmann::json;

// Watches a parse: remembers the first thing that is wrong and prunes everything deeper than the limit.
class Watcher {
 public:
  explicit Watcher(int max_depth) : max_depth_(max_depth), keys_(static_cast<size_t>(max_depth) + 1) {}

  bool operator()(int depth, Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start) return enter(depth);
    // Keys below the limit are reported too; by then the problem is known.
    if (event == Json::parse_event_t::key && problem_.empty()) note_key(depth, value.get<std::string>());
    return true;
  }
  const std::string& problem() const { return problem_; }

 private:
  bool enter(int depth) {
    if (depth >= max_depth_) {
      note(str("nested deeper than ", max_depth_));
      return false;
    }
    keys_[static_cast<size_t>(depth)].clear();
    return true;
  }
  void note_key(int depth, const std::string& key) {
    if (!keys_[static_cast<size_t>(depth) - 1].insert(key).second) note("key twice: " + key);
  }
  void note(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  int max_depth_;
  std::vector<std::set<std::string>> keys_;  // of the object open at each depth
  std::string problem_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& file, int max_depth) {
  Watcher watcher(max_depth);
  Json value = Json::parse(text, std::ref(watcher), false);
  if (!watcher.problem().empty()) return Error{.code = ErrorCode::kInvalid, .message = watcher.problem(), .file = file};
  if (value.is_discarded()) return Error{.code = ErrorCode::kInvalid, .message = "not valid JSON", .file = file};
  return value;
}

}  // namespace hone
