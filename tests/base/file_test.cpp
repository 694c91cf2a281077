#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace hone {
namespace {

using testing::TempDir;

void put_file(const std::string& path, const std::string& content) { std::ofstream(path) << content; }

// Runs `child` in a forked process under a file size limit that ends in EFBIG; true if it returned true.
template <class Child>
bool with_file_limit(rlim_t bytes, const Child& child) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(child() ? 0 : 1);
  }
  int status = 1;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(ReadFile, GivesTheWholeContent) {
  const TempDir dir;
  const std::string content("a\0b\n", 4);
  put_file(dir.file("f"), content);
  EXPECT_EQ(*read_file(dir.file("f")), content);
}

TEST(ReadFile, NamesAFileThatIsMissing) {
  const TempDir dir;
  const Result<std::string> result = read_file(dir.file("f"));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(result.error().to_string(), dir.file("f") + ": cannot open: No such file or directory");
}

TEST(ReadFile, RefusesMoreThanTheLimit) {
  const TempDir dir;
  put_file(dir.file("f"), "12345");
  EXPECT_TRUE(read_file(dir.file("f"), 5).ok());
  EXPECT_FALSE(read_file(dir.file("f"), 4).ok());
}

TEST(ReadFile, RefusesADirectory) {
  const TempDir dir;
  EXPECT_FALSE(read_file(dir.path()).ok());
}

TEST(WriteFileAtomic, ReplacesTheContentAndLeavesNothingElse) {
  const TempDir dir;
  put_file(dir.file("f"), "old and longer");
  ASSERT_TRUE(write_file_atomic(dir.file("f"), "new").ok());
  EXPECT_EQ(*read_file(dir.file("f")), "new");
  EXPECT_EQ(*list_directory(dir.path()), std::vector<std::string>{"f"});
}

TEST(WriteFileAtomic, KeepsTheOldContentWhenTheDiskIsFull) {
  const TempDir dir;
  put_file(dir.file("f"), "old");
  EXPECT_TRUE(with_file_limit(4096, [&] {
    const Result<void> result = write_file_atomic(dir.file("f"), std::string(8192, 'x'));
    return !result.ok() && result.error().code == ErrorCode::kIo;
  }));
  EXPECT_EQ(*read_file(dir.file("f")), "old");
  EXPECT_EQ(*list_directory(dir.path()), std::vector<std::string>{"f"});
}

TEST(WriteFileAtomic, WritesIntoTheWorkingDirectory) {
  const TempDir dir;
  const std::string before = std::filesystem::current_path();
  std::filesystem::current_path(dir.path());
  EXPECT_TRUE(write_file_atomic("f", "x").ok());
  std::filesystem::current_path(before);
  EXPECT_EQ(*read_file(dir.file("f")), "x");
}

TEST(WriteAll, WritesEverythingIntoAPipeThatTakesLittleAtATime) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  FileDescriptor in(ends[1]), out(ends[0]);
  const pid_t pid = ::fork();
  if (pid == 0) {
    out.close();
    const std::string content(1 << 20, 'x');
    ::_exit(write_all(in.get(), as_bytes(content), "pipe").ok() ? 0 : 1);
  }
  in.close();
  size_t total = 0;
  char buffer[1000];
  for (ssize_t got; (got = ::read(out.get(), buffer, sizeof buffer)) > 0;) total += static_cast<size_t>(got);
  int status = 1;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(total, size_t{1} << 20);
}

TEST(AppendFile, ContinuesWhereItEnded) {
  const TempDir dir;
  ASSERT_TRUE(AppendFile::open(dir.file("f"))->append(as_bytes("one")).ok());
  Result<AppendFile> file = AppendFile::open(dir.file("f"));
  EXPECT_EQ(file->size(), 3);
  ASSERT_TRUE(file->append(as_bytes("two")).ok());
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(*read_file(dir.file("f")), "onetwo");
}

TEST(AppendFile, AppendsAfterATruncation) {
  const TempDir dir;
  Result<AppendFile> file = AppendFile::open(dir.file("f"));
  ASSERT_TRUE(file->append(as_bytes("abcdef")).ok());
  ASSERT_TRUE(file->truncate_to(2).ok());
  ASSERT_TRUE(file->append(as_bytes("X")).ok());
  EXPECT_EQ(*read_file(dir.file("f")), "abX");
}

TEST(AppendFile, LeavesNoPartOfAnAppendThatFailed) {
  const TempDir dir;
  EXPECT_TRUE(with_file_limit(100, [&] {
    Result<AppendFile> file = AppendFile::open(dir.file("f"));
    const bool first = file->append(as_bytes("good")).ok(), second = file->append(as_bytes(std::string(200, 'x'))).ok();
    return first && !second && file->size() == 4;
  }));
  EXPECT_EQ(*read_file(dir.file("f")), "good");
}

TEST(MappedFile, ShowsTheContentAlsoOfAnEmptyFile) {
  const TempDir dir;
  put_file(dir.file("f"), "abc");
  put_file(dir.file("empty"), "");
  EXPECT_EQ(MappedFile::open(dir.file("f"))->bytes()[2], std::byte{'c'});
  EXPECT_TRUE(MappedFile::open(dir.file("empty"))->bytes().empty());
}

TEST(LockFile, RefusesASecondHolderAndNamesTheFirst) {
  const TempDir dir;
  const Result<LockFile> first = LockFile::acquire(dir.file("lock"));
  ASSERT_TRUE(first.ok());
  const Result<LockFile> second = LockFile::acquire(dir.file("lock"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kInUse);
  EXPECT_EQ(second.error().message, str("in use by process ", ::getpid()));
}

TEST(LockFile, IsFreeAfterItsHolderWasKilled) {
  const TempDir dir;
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const Result<LockFile> lock = LockFile::acquire(dir.file("lock"));
    (void)!::write(ready[1], "x", 1);
    ::pause();
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_FALSE(LockFile::acquire(dir.file("lock")).ok());
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_TRUE(LockFile::acquire(dir.file("lock")).ok());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(RemoveTree, DoesNotFollowSymbolicLinks) {
  const TempDir dir;
  put_file(dir.file("kept"), "x");
  ASSERT_TRUE(make_directories(dir.file("tree/deep")).ok());
  std::filesystem::create_symlink(dir.path(), dir.file("tree/deep/link"));
  ASSERT_TRUE(remove_tree(dir.file("tree")).ok());
  EXPECT_TRUE(path_exists(dir.file("kept")));
  EXPECT_FALSE(path_exists(dir.file("tree")));
  EXPECT_TRUE(remove_tree(dir.file("tree")).ok());
}

TEST(FreeSpace, IsPositiveHere) {
  const TempDir dir;
  EXPECT_GT(*free_space(dir.path()), 0);
  EXPECT_FALSE(free_space(dir.file("missing")).ok());
}

}  // namespace
}  // namespace hone
