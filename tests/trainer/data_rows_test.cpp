#include "trainer/data_rows.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.h"
#include "trainer/data_files.h"

namespace hone::trainer {
namespace {

class DataRowsTest : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(dir_.file(name), std::ios::binary) << text;
    return dir_.file(name);
  }
  // Rows and errors of the file, one a line; the path is "F".
  std::string read(const std::string& name, const std::string& text) {
    const std::string path = write(name, text);
    std::string out;
    const auto done = read_data_rows(path, [&](const RowPlace& place, Result<nlohmann::json> row) {
      out += (row.ok() ? row->dump() : place.of(row.error()).to_string()) + "\n";
      return true;
    });
    if (!done.ok()) out += done.error().to_string() + "\n";
    for (size_t at; (at = out.find(path)) != out.npos;) out.replace(at, path.size(), "F");
    return out;
  }
  std::vector<std::string> find(const std::string& path) {
    const auto found = find_data_files(dir_.file(path));
    if (!found.ok()) return {found.error().message};
    std::vector<std::string> names;
    for (const std::string& file : *found) names.push_back(file.substr(dir_.path().size() + 1));
    return names;
  }

  testing::TempDir dir_;
};

TEST_F(DataRowsTest, LinesAreRowsAndBlankOnesAreNot) {
  EXPECT_EQ(read("a.jsonl", "{\"a\":1}\r\n\n \t\n{\"a\":2}"), "{\"a\":1}\n{\"a\":2}\n");
  EXPECT_EQ(read("a.jsonl", "\n[]\n{\"a\":1\n{\"a\":3}\n"),
            "F:2: must be an object, not array\nF:3: not valid JSON\n{\"a\":3}\n");
  EXPECT_EQ(read("a.jsonl", ""), "");
}

TEST_F(DataRowsTest, AnArrayHasTheRowsOfItsLines) {
  EXPECT_EQ(read("a.json", R"( [ {"a": "],{\\\"", "b": [[1], {"c": "}"}]} , {"a": 2} ] )"),
            R"({"a":"],{\\\"","b":[[1],{"c":"}"}]})" "\n{\"a\":2}\n");
  EXPECT_EQ(read("a.json", " [ ] "), "");
  EXPECT_EQ(read("a.json", "[{\"a\":1},2,{\"a\":3}]"),
            "{\"a\":1}\nF: row 2: must be an object, not number\n{\"a\":3}\n");
  EXPECT_EQ(read("a.json", "[{\"a\":1},]"), "{\"a\":1}\nF: row 2: not valid JSON\n");
  EXPECT_EQ(read("a.json", "[{\"a\":1}"), "F: row 1: does not end: the file is cut off\n");
  EXPECT_EQ(read("a.json", "[{\"a\":1}] x"), "{\"a\":1}\nF: goes on after the end of its array\n");
  EXPECT_EQ(read("a.json", "{\"a\":1}"), "F: must be an array of objects\n");
  EXPECT_EQ(read("a.json", "[" + std::string(1000000, '[')), "F: row 1: does not end: the file is cut off\n");
}

TEST_F(DataRowsTest, OtherEndingsAreRefused) {
  EXPECT_EQ(read("a.csv", "a\n1\n"), "F: must end in .jsonl, .json or .parquet\n");
}

TEST_F(DataRowsTest, FilesAreNamedByADirectoryOrAPattern) {
  for (const char* name : {"a.jsonl", "b.jsonl", "README.md"}) write(name, "");
  std::filesystem::create_directory(dir_.file("more"));
  write("more/c.jsonl", "");
  using Names = std::vector<std::string>;
  EXPECT_EQ(find("b.jsonl"), Names({"b.jsonl"}));
  EXPECT_EQ(find(""), Names({"/a.jsonl", "/b.jsonl"}));
  EXPECT_EQ(find("{b.jsonl,more/*.jsonl,[a-a].jsonl}"), Names({"b.jsonl", "more/c.jsonl", "a.jsonl"}));
  EXPECT_EQ(find("*.parquet"), Names({"there is no such file, and no file fits it"}));
  write("[x].jsonl", "");
  EXPECT_EQ(find("[x].jsonl"), Names({"[x].jsonl"}));
  write("d.json", "");
  EXPECT_TRUE(find("")[0].starts_with("holds files of several kinds ([x].jsonl, d.json)")) << find("")[0];
}

TEST_F(DataRowsTest, TheHashIsThatOfTheFilesOneAfterAnother) {
  const std::string one = write("a.jsonl", "ab"), two = write("b.jsonl", "c");
  EXPECT_EQ(data_sha256({one, two}).value(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // abc
  EXPECT_EQ(data_sha256({dir_.file("none")}).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace hone::trainer
