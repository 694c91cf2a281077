// Files: whole reads, atomic writes, append-only files, locks. Every failure is an Error kIo (kNotFound where the file
// does not exist) with the path and the operating system's reason. EINTR and short writes are handled here and nowhere
// else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace hone {

// Names that begin so belong to a write that has not finished; whoever holds the run's lock may remove them.
inline constexpr std::string_view kTempPrefix = ".tmp-";

inline std::string join_path(std::string_view directory, std::string_view name) {
  return std::string(directory).append("/").append(name);
}

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

// The Error of a failed call: "cannot <action>: <reason>" with the path; kNotFound for ENOENT, else kIo.
Error os_error(int error_number, const std::string& action, const std::string& path);

// Owns a file descriptor; -1 is none. Closing ignores errors: call sync before where they matter.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { close(); }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }  // the caller owns it from here
  void close();

 private:
  int fd_ = -1;
};

// open(2) with O_CLOEXEC, retried on EINTR.
Result<FileDescriptor> open_file(const std::string& path, int flags);
// Writes everything; `path` is for messages.
Result<void> write_all(int fd, std::span<const std::byte> bytes, const std::string& path);
// fsync(2). After an error the data is lost: the kernel marks the pages clean, so a second try proves nothing.
Result<void> sync_file(int fd, const std::string& path);

// The whole file. Error kInvalid if it is longer than max_bytes.
Result<std::string> read_file(const std::string& path, int64_t max_bytes = INT64_MAX);

// Readers and crashes see the old content or the new, never a part: temporary in the same directory, fsync, rename,
// fsync of the directory.
Result<void> write_file_atomic(const std::string& path, std::string_view content);

bool path_exists(const std::string& path);
Result<int64_t> file_size(const std::string& path);
// Makes the directory and its parents; one that exists is fine.
Result<void> make_directories(const std::string& path);
// Makes names that were created, renamed or removed in the directory durable.
Result<void> fsync_directory(const std::string& path);
// Names in the directory, sorted, without "." and "..".
Result<std::vector<std::string>> list_directory(const std::string& path);
// Removes a file or a directory with all in it; symbolic links are removed, not followed. Nothing there is fine.
Result<void> remove_tree(const std::string& path);
Result<void> rename_path(const std::string& from, const std::string& to);
// Bytes that an ordinary user can still write on the file system of `path`.
Result<int64_t> free_space(const std::string& path);

// A file of which only the end ever changes. After a failed append the file is cut back to the length before it; after
// a failed sync every later call fails. Owned by one thread.
class AppendFile {
 public:
  // Opens or creates; the position is the end. A new name is durable after sync().
  static Result<AppendFile> open(const std::string& path);

  Result<void> append(std::span<const std::byte> bytes);  // one write(2) unless the kernel splits it
  Result<void> sync();                                    // fdatasync(2)
  // Requires 0 <= size <= this->size().
  Result<void> truncate_to(int64_t size);
  int64_t size() const { return size_; }
  const std::string& path() const { return path_; }

 private:
  AppendFile(FileDescriptor fd, std::string path, int64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}

  FileDescriptor fd_;
  std::string path_;
  int64_t size_ = 0;
  bool name_durable_ = false;  // the directory was synced since open
  bool lost_ = false;     // a sync failed
};

// A whole file mapped for reading. The file must not be shortened meanwhile: reading past its end is a SIGBUS.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

// Advice about a part of a mapped file, which the system may ignore: it will be read soon; it will not be read again.
void advise_needed(std::span<const std::byte> part);
void advise_done(std::span<const std::byte> part);
// Gives the bytes of a mapped file to `take` in order, a few megabytes at a time that do not stay in memory afterwards.
void pass_through(std::span<const std::byte> bytes, const std::function<void(std::span<const std::byte>)>& take);

// An exclusive lock on a file, held until destruction or the end of the process, however it ends.
class LockFile {
 public:
  // Error kInUse naming the holder's process id when another holds it. Does not wait.
  static Result<LockFile> acquire(const std::string& path);

 private:
  explicit LockFile(FileDescriptor fd) : fd_(std::move(fd)) {}
  FileDescriptor fd_;
};

}  // namespace hone
