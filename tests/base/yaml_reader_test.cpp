#include "base/yaml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/edit_distance.h"
#include "base/utf8.h"
#include "base/yaml_layers.h"

namespace hone {
namespace {

using testing::HasSubstr;

std::string errors_of(const YamlDocument& document) {
  std::string out;
  for (const Error& error : document.errors) out += error.to_string() + "\n";
  return out;
}

std::string errors_of(std::string_view text) { return errors_of(read_yaml(text, "f")); }

// A tree in one line: {key: value, list: [1, 2]}.
std::string print(const YamlNode& node) {
  std::string out;
  for (const YamlEntry& entry : node.entries) out += (out.empty() ? "" : ", ") + entry.key + ": " + print(*entry.value);
  for (const YamlPtr& item : node.items) out += (out.empty() ? "" : ", ") + print(*item);
  switch (node.kind) {
    case YamlKind::kNull: return "null";
    case YamlKind::kScalar: return node.quoted ? "\"" + node.text + "\"" : node.text;
    case YamlKind::kList: return "[" + out + "]";
    case YamlKind::kMap: return "{" + out + "}";
  }
  return "";
}

std::string read(std::string_view text) {
  const YamlDocument document = read_yaml(text, "f");
  return document.root == nullptr ? errors_of(document) : print(*document.root);
}

std::string repeat(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

class TempDir : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(dir_); }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string write(const std::string& name, const std::string& text) {
    const std::string path = dir_ + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
    return path;
  }
  const std::string dir_ =
      testing::TempDir() + "/yaml_" + testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST(YamlReader, ReadsScalarsListsAndMaps) {
  EXPECT_EQ(read("a: 1\nb: [x, 'y', ~]\nc:\n  d: yes\n"), "{a: 1, b: [x, \"y\", null], c: {d: yes}}");
}

TEST(YamlReader, KnowsThePlaceOfEveryKeyAndValue) {
  const YamlDocument document = read_yaml("a: 1\nb:\n  c: [7]\n", "f");
  const YamlEntry& c = *document.root->find("b")->value->find("c");
  EXPECT_EQ(error_at(c.key_origin, "", "").to_string(), "f:3:3: ");
  EXPECT_EQ(error_at(c.value->items[0]->origin, "", "").to_string(), "f:3:7: ");
}

TEST(YamlReader, ExpandsAliases) { EXPECT_EQ(read("a: &x {b: 1}\nc: *x\n"), "{a: {b: 1}, c: {b: 1}}"); }

TEST(YamlReader, ReportsAllOfSeveralErrors) {
  const std::string errors = errors_of("a: 1\na: 2\n<<: {b: 1}\nc: !!str 5\n");
  EXPECT_THAT(errors, HasSubstr("f:2:1: duplicate key 'a', first given in line 1"));
  EXPECT_THAT(errors, HasSubstr("f:3:1: merge keys (<<) are not supported"));
  EXPECT_THAT(errors, HasSubstr("f:4:4: tags (tag:yaml.org,2002:str) are not supported"));
}

TEST(YamlReader, RefusesWhatIsNotOneDocumentOfWords) {
  EXPECT_THAT(errors_of(""), HasSubstr("f:1:1: the file is empty"));
  EXPECT_THAT(errors_of("# nothing\n"), HasSubstr("the file is empty"));
  EXPECT_THAT(errors_of("a: 1\n---\nb: 2\n"), HasSubstr("f:2:1: a second document"));
  EXPECT_THAT(errors_of("a: 1\n[x]: 2\n"), HasSubstr("f:2:1: a key must be a word, not a list or map"));
  EXPECT_THAT(errors_of("a: &x 1\n*x : 2\n"), HasSubstr("f:2:1: a key must be a word, not an alias"));
  EXPECT_THAT(errors_of("~: 1\n"), HasSubstr("f:1:1: a key is missing"));
  EXPECT_THAT(errors_of("a:\n\tb: 1\n"), HasSubstr("f:2:"));
  EXPECT_THAT(errors_of("a: [1\n"), HasSubstr("f:2:1: "));
  EXPECT_THAT(errors_of("a: *x\n"), HasSubstr("f:1:4: "));
}

TEST(YamlReader, RefusesBytesThatAreNoText) {
  EXPECT_THAT(errors_of("a: 1\nb: x\xff\n"), HasSubstr("f:2:5: not UTF-8"));
  EXPECT_THAT(errors_of("\xff\xfe" "a: 1"), HasSubstr("f:1:1: not UTF-8"));
  EXPECT_THAT(errors_of(std::string("a: 1\nb: \x04\nc: 1\n")), HasSubstr("f:2:4: a control character"));
  EXPECT_THAT(errors_of(std::string("a: \0 b\n", 7)), HasSubstr("f:1:4: a control character"));
}

TEST(YamlReader, BoundsDepthWithoutRecursing) {
  EXPECT_EQ(read(repeat("[", 32) + repeat("]", 32)), repeat("[", 32) + repeat("]", 32));
  EXPECT_THAT(errors_of(repeat("[", 33) + repeat("]", 33)), HasSubstr("f:1:33: nested deeper than 32 levels"));
  EXPECT_THAT(errors_of(repeat("{a: ", 33) + repeat("}", 33)), HasSubstr("nested deeper than 32 levels"));
  EXPECT_THAT(errors_of(repeat("- ", 100000)), HasSubstr("f:1:65: nested deeper than 32 levels"));
  for (const char* opening : {"[", "{a: ", "- ", "? ", "{", "[a: "}) EXPECT_NE(errors_of(repeat(opening, 100000)), "");
}

TEST(YamlReader, BoundsWhatAliasesExpandTo) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string alias = str("*a", i - 1);
    bomb += str("a", i, ": &a", i, " [") + repeat(alias + ", ", 7) + alias + "]\n";
  }
  EXPECT_THAT(errors_of(bomb), HasSubstr("more than 20000 values"));
}

TEST(YamlReader, RefusesAnAliasInsideItsAnchor) {
  EXPECT_THAT(errors_of("a: &x [1, *x]\n"), HasSubstr("f:1:11: an alias inside the value that it stands for"));
}

TEST(YamlReader, BoundsSize) {
  EXPECT_THAT(errors_of("a: " + std::string(kMaxYamlBytes, 'x')), HasSubstr("longer than 1048576 bytes"));
}

TEST_F(TempDir, LayersMergeMapsAndReplaceLists) {
  write("below/a.yaml", "m: {x: 1, y: 2}\nl: [1, 2]\n");
  write("below/b.yaml", "m: {y: 3}\n");
  const std::string top = write("top.yaml", "extends: [below/a.yaml, below/b.yaml]\nl: [9]\nm: {z: ~}\n");
  const YamlDocument document = read_yaml_layers(top);
  EXPECT_EQ(errors_of(document), "");
  EXPECT_EQ(print(*document.root), "{m: {x: 1, y: 3, z: null}, l: [9]}");
  EXPECT_THAT(document.root->find("m")->value->find("y")->value->origin.source, testing::EndsWith("below/b.yaml"));
}

TEST_F(TempDir, LayersRefuseACycleAndAMissingFile) {
  const std::string a = write("a.yaml", "extends: b.yaml\n");
  const std::string b = write("b.yaml", "x: 1\nextends: [a.yaml, none.yaml]\n");
  const std::string errors = errors_of(read_yaml_layers(a));
  EXPECT_THAT(errors, HasSubstr(b + ":2:11: extends: extends itself"));
  EXPECT_THAT(errors, HasSubstr(b + ":2:19: extends: "));
  EXPECT_THAT(errors, HasSubstr("none.yaml"));
}

TEST(YamlArguments, SetValuesByPathAndByNameInLists) {
  const YamlPtr root = read_yaml("stages: [{name: a, x: 1}, {name: b, x: 1}]\n", "f").root;
  EXPECT_EQ(print(*apply_argument(root, "stages.b.x=[2, 3]").root),
            "{stages: [{name: a, x: 1}, {name: b, x: [2, 3]}]}");
  EXPECT_EQ(print(*apply_argument(root, "p.q=~").root),
            "{stages: [{name: a, x: 1}, {name: b, x: 1}], p: {q: null}}");
}

TEST(YamlArguments, NameTheArgumentInErrors) {
  const YamlPtr root = read_yaml("stages: [{name: base, x: 1}]\n", "f").root;
  EXPECT_EQ(errors_of(apply_argument(root, "stages.bsae.x=2")),
            "command line 'stages.bsae.x=2': stages.bsae: no item of this name; did you mean 'base'?\n");
  EXPECT_EQ(errors_of(apply_argument(root, "x")), "command line 'x': expected key=value\n");
  EXPECT_THAT(errors_of(apply_argument(root, ".x=1")), HasSubstr("expected a key such as"));
  EXPECT_THAT(errors_of(apply_argument(root, "x=[1")), HasSubstr("command line 'x=[1': "));
  EXPECT_THAT(errors_of(apply_argument(root, "stages.base.x.y=1")), HasSubstr("'stages.base.x' is '1', not a map"));
}

TEST(EditDistance, CountsSwapsAsOneEdit) {
  EXPECT_EQ(edit_distance("steps", "setps"), 1u);
  EXPECT_EQ(edit_distance("learning_rate", "learning_rte"), 1u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(EditDistance, SuggestsNothingFarAway) {
  EXPECT_EQ(did_you_mean("stpes", {"seed", "steps"}), "; did you mean 'steps'?");
  EXPECT_EQ(did_you_mean("banana", {"seed", "steps"}), "");
  EXPECT_EQ(did_you_mean("x", {"y"}), "");
}

TEST(Utf8, RefusesWhatTheStandardRefuses) {
  EXPECT_EQ(utf8_length("\xe2\x82\xac"), 3u);
  EXPECT_EQ(utf8_length("\xf0\x9f\x98\x80"), 4u);
  for (const char* bad : {"\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xf5"}) {
    EXPECT_EQ(utf8_length(bad), 0u);
  }
}

}  // namespace
}  // namespace hone
