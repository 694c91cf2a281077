#include "base/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>

#include "base/file.h"
#include "base/utf8.h"

namespace hone {
namespace {

struct Stop {};  // thrown through yaml-cpp by the builder when reading on is pointless

// Builds the tree from yaml-cpp's events. Its own tree (YAML::Load) accepts duplicate keys and expands aliases without
// limit; the events come before the parser recurses, so they can bound its depth.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& source, YamlPlaces places) : source_(source), places_(places) {}

  YamlDocument take() { return {std::move(root_), std::move(errors_)}; }
  void fail(const YAML::Mark& mark, std::string message) {
    errors_.push_back(error_at(origin(mark), "", std::move(message)));
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) stop(mark, "a second document starts here; one file holds one document");
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark&, const std::string&) override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    finish(new_node(mark, YamlKind::kNull), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    check_tag(mark, tag);
    auto node = new_node(mark, YamlKind::kScalar);
    node->text = text;
    node->quoted = tag == "!";
    finish(node, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(mark, "an alias inside the value that it stands for");
    if (expects_key()) stop(mark, "a key must be a word, not an alias");
    count(mark, found->second->values);
    add(found->second);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlKind::kList);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlKind::kMap);
  }
  void OnMapEnd() override { close(); }

 private:
  // A list or map whose end has not been seen.
  struct Level {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor = 0;
    std::map<std::string, int> lines;  // of the keys so far
    YamlPtr key;                       // waits for its value
  };

  Origin origin(const YAML::Mark& mark) const {
    if (places_ == YamlPlaces::kSourceOnly) return {source_, 0, 0};
    return {source_, mark.line + 1, mark.column + 1};
  }

  [[noreturn]] void stop(const YAML::Mark& mark, std::string message) {
    fail(mark, std::move(message));
    throw Stop{};
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag != "?" && tag != "!" && !tag.empty()) fail(mark, "tags (" + tag + ") are not supported");
  }

  void count(const YAML::Mark& mark, size_t values) {
    values_ += values;
    if (values_ > kMaxYamlValues) stop(mark, str("more than ", kMaxYamlValues, " values, aliases expanded"));
  }

  std::shared_ptr<YamlNode> new_node(const YAML::Mark& mark, YamlKind kind) {
    count(mark, 1);
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->origin = origin(mark);
    return node;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlKind kind) {
    check_tag(mark, tag);
    if (levels_.size() == kMaxYamlDepth) stop(mark, str("nested deeper than ", kMaxYamlDepth, " levels"));
    if (expects_key()) stop(mark, "a key must be a word, not a list or map");
    levels_.push_back({new_node(mark, kind), anchor, {}, nullptr});
  }

  void close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    finish(level.node, level.anchor);
  }

  void finish(YamlPtr node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    add(std::move(node));
  }

  bool expects_key() const {
    return !levels_.empty() && levels_.back().node->kind == YamlKind::kMap && levels_.back().key == nullptr;
  }

  void add(YamlPtr node) {
    if (levels_.empty()) {
      root_ = std::move(node);
    } else if (expects_key()) {
      check_key(*node);
      levels_.back().key = std::move(node);
    } else {
      add_value(levels_.back(), std::move(node));
    }
  }

  void add_value(Level& level, YamlPtr value) {
    level.node->values += value->values;
    if (level.node->kind == YamlKind::kList) {
      level.node->items.push_back(std::move(value));
      return;
    }
    const YamlPtr key = std::move(level.key);
    level.key = nullptr;
    const bool is_new = level.lines.emplace(key->text, key->origin.line).second;
    if (is_new && is_usable(key->text)) level.node->entries.push_back({key->text, key->origin, std::move(value)});
  }

  static bool is_usable(const std::string& key) { return !key.empty() && key != "<<"; }

  void check_key(const YamlNode& key) {
    const auto& lines = levels_.back().lines;
    const auto refuse = [&](std::string message) { errors_.push_back(error_at(key.origin, "", std::move(message))); };
    if (key.text.empty()) {
      refuse("a key is missing here");
    } else if (key.text == "<<") {
      refuse("merge keys (<<) are not supported; use extends, or repeat the values");
    } else if (const auto first = lines.find(key.text); first != lines.end()) {
      const std::string place = first->second > 0 ? str(", first given in line ", first->second) : "";
      refuse("duplicate key '" + key.text + "'" + place);
    }
  }

  const std::string& source_;
  const YamlPlaces places_;
  YamlPtr root_;
  std::vector<Error> errors_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, YamlPtr> anchors_;  // complete ones
  size_t values_ = 0;
  int documents_ = 0;
};

// yaml-cpp takes byte 4 for the end of the file and guesses UTF-16 from zero bytes; both would be silent.
const char* problem_of_character(std::string_view rest, size_t length) {
  if (length == 0) return "not UTF-8";
  const char c = rest[0];
  const bool is_control = static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r';
  return is_control ? "a control character" : nullptr;
}

Result<void> check_characters(std::string_view text, const std::string& source, YamlPlaces places) {
  Origin origin{source, 1, 1};
  for (size_t i = 0; i < text.size();) {
    const size_t length = utf8_length(text.substr(i));
    if (const char* problem = problem_of_character(text.substr(i), length)) {
      if (places == YamlPlaces::kSourceOnly) origin = {source, 0, 0};
      return error_at(origin, "", problem);
    }
    const bool ends_line = text[i] == '\n';
    origin.line += ends_line;
    origin.column = ends_line ? 1 : origin.column + 1;
    i += length;
  }
  return {};
}

void parse(std::string_view text, TreeBuilder& builder) {
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
  } catch (const YAML::Exception& e) {
    builder.fail(e.mark, e.msg);
  } catch (const std::exception& e) {
    builder.fail(YAML::Mark(), e.what());
  }
}

}  // namespace

YamlDocument read_yaml(std::string_view text, const std::string& source, YamlPlaces places) {
  const Origin start{source, places == YamlPlaces::kSourceOnly ? 0 : 1, places == YamlPlaces::kSourceOnly ? 0 : 1};
  if (text.size() > kMaxYamlBytes) {
    return {nullptr, {error_at(start, "", str("longer than ", kMaxYamlBytes, " bytes"))}};
  }
  if (const auto valid = check_characters(text, source, places); !valid) return {nullptr, {valid.error()}};
  TreeBuilder builder(source, places);
  parse(text, builder);
  YamlDocument document = builder.take();
  if (document.root == nullptr && document.errors.empty()) {
    if (places == YamlPlaces::kLineAndColumn) document.errors.push_back(error_at(start, "", "the file is empty"));
    auto null = std::make_shared<YamlNode>();
    null->origin = start;
    document.root = std::move(null);
  }
  return document;
}

YamlDocument read_yaml_file(const std::string& path) {
  const Result<std::string> text = read_file(path, kMaxYamlBytes);
  if (!text) return {nullptr, {text.error()}};
  return read_yaml(*text, path);
}

}  // namespace hone
