#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace hone {
namespace {

template <class Call>
auto retry_interrupted(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<int64_t> size_of(int fd, const std::string& path) {
  struct stat status;
  if (fstat(fd, &status) != 0) return os_error(errno, "stat", path);
  if (!S_ISREG(status.st_mode)) return Error{.code = ErrorCode::kIo, .message = "not a regular file", .file = path};
  return int64_t{status.st_size};
}

// Who wrote the lock file; it is empty for a moment after the lock was taken.
std::string holder_of(int lock_fd) {
  char line[32];
  const ssize_t got = ::pread(lock_fd, line, sizeof line, 0);
  const std::string pid = got > 0 ? std::string(line, static_cast<size_t>(got)) : "";
  return pid.empty() || pid.back() != '\n' ? "another process" : "process " + pid.substr(0, pid.size() - 1);
}

Result<void> write_and_sync(const std::string& path, std::string_view content) {
  HONE_TRY_ASSIGN(FileDescriptor fd, open_file(path, O_WRONLY | O_CREAT | O_EXCL));
  HONE_TRY(write_all(fd.get(), as_bytes(content), path));
  return sync_file(fd.get(), path);
}

}  // namespace

Error os_error(int error_number, const std::string& action, const std::string& path) {
  const ErrorCode code = error_number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  const std::string reason = std::generic_category().message(error_number);
  return Error{.code = code, .message = "cannot " + action + ": " + reason, .file = path};
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

void FileDescriptor::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Result<FileDescriptor> open_file(const std::string& path, int flags) {
  const int fd = retry_interrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0644); });
  if (fd < 0) return os_error(errno, "open", path);
  return FileDescriptor(fd);
}

Result<void> write_all(int fd, std::span<const std::byte> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = retry_interrupted([&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (written < 0) return os_error(errno, "write", path);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

Result<void> sync_file(int fd, const std::string& path) {
  if (retry_interrupted([&] { return ::fsync(fd); }) != 0) return os_error(errno, "fsync", path);
  return {};
}

Result<std::string> read_file(const std::string& path, int64_t max_bytes) {
  HONE_TRY_ASSIGN(FileDescriptor fd, open_file(path, O_RDONLY));
  HONE_TRY_ASSIGN(const int64_t size, size_of(fd.get(), path));
  if (size > max_bytes) {
    const std::string message = str(size, " bytes, at most ", max_bytes, " allowed");
    return Error{.code = ErrorCode::kInvalid, .message = message, .file = path};
  }
  std::string content(static_cast<size_t>(size), '\0');
  size_t done = 0;
  while (done < content.size()) {
    const std::span<char> rest = std::span(content).subspan(done);
    const ssize_t got = retry_interrupted([&] { return ::read(fd.get(), rest.data(), rest.size()); });
    if (got < 0) return os_error(errno, "read", path);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  content.resize(done);
  return content;
}

Result<void> write_file_atomic(const std::string& path, std::string_view content) {
  const std::string directory = parent_of(path);
  const std::string name = path.substr(path.find_last_of('/') + 1);
  const std::string temporary = join_path(directory, str(kTempPrefix, getpid(), "-", name));
  HONE_TRY(remove_tree(temporary));
  Result<void> result = write_and_sync(temporary, content);
  if (result.ok()) result = rename_path(temporary, path);
  if (!result.ok()) {
    ::unlink(temporary.c_str());
    return result;
  }
  return fsync_directory(directory);
}

bool path_exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Result<int64_t> file_size(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return os_error(errno, "stat", path);
  return int64_t{status.st_size};
}

Result<void> make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return os_error(error.value(), "make directory", path);
  return {};
}

Result<void> fsync_directory(const std::string& path) {
  HONE_TRY_ASSIGN(FileDescriptor fd, open_file(path, O_RDONLY | O_DIRECTORY));
  return sync_file(fd.get(), path);
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) return os_error(errno, "list", path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int error_number = errno;
  ::closedir(directory);
  if (error_number != 0) return os_error(error_number, "list", path);
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> remove_tree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return os_error(error.value(), "remove", path);
  return {};
}

Result<void> rename_path(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return os_error(errno, "rename to " + to, from);
  return {};
}

Result<int64_t> free_space(const std::string& path) {
  struct statvfs status;
  if (::statvfs(path.c_str(), &status) != 0) return os_error(errno, "ask for the free space", path);
  return static_cast<int64_t>(status.f_bavail) * static_cast<int64_t>(status.f_frsize);
}

Result<AppendFile> AppendFile::open(const std::string& path) {
  HONE_TRY_ASSIGN(FileDescriptor fd, open_file(path, O_WRONLY | O_CREAT | O_APPEND));
  HONE_TRY_ASSIGN(const int64_t size, size_of(fd.get(), path));
  return AppendFile(std::move(fd), path, size);
}

Result<void> AppendFile::append(std::span<const std::byte> bytes) {
  if (lost_) return Error{.code = ErrorCode::kIo, .message = "an earlier write was lost", .file = path_};
  Result<void> written = write_all(fd_.get(), bytes, path_);
  if (!written.ok()) {
    if (::ftruncate(fd_.get(), size_) != 0) lost_ = true;
    return written;
  }
  size_ += static_cast<int64_t>(bytes.size());
  return {};
}

Result<void> AppendFile::sync() {
  if (lost_) return Error{.code = ErrorCode::kIo, .message = "an earlier write was lost", .file = path_};
  if (retry_interrupted([&] { return ::fdatasync(fd_.get()); }) != 0) {
    const int error_number = errno;
    lost_ = true;
    return os_error(error_number, "fdatasync", path_);
  }
  if (!name_durable_) HONE_TRY(fsync_directory(parent_of(path_)));
  name_durable_ = true;
  return {};
}

Result<void> AppendFile::truncate_to(int64_t size) {
  HONE_CHECK_LE(0, size);
  HONE_CHECK_LE(size, size_);
  if (retry_interrupted([&] { return ::ftruncate(fd_.get(), size); }) != 0) return os_error(errno, "truncate", path_);
  size_ = size;
  return {};
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  HONE_TRY_ASSIGN(FileDescriptor fd, open_file(path, O_RDONLY));
  HONE_TRY_ASSIGN(const int64_t size, size_of(fd.get(), path));
  if (size == 0) return MappedFile(std::span<const std::byte>());
  void* start = ::mmap(nullptr, static_cast<size_t>(size), PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (start == MAP_FAILED) return os_error(errno, "map", path);
  return MappedFile(std::span(static_cast<const std::byte*>(start), static_cast<size_t>(size)));
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void advise_needed(std::span<const std::byte> part) {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(part.data()) / page * page;
  const auto end = reinterpret_cast<uintptr_t>(part.data()) + part.size();
  ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_WILLNEED);
}

// Whole pages only: others may still read what shares a page with the ends.
void advise_done(std::span<const std::byte> part) {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<uintptr_t>(part.data()) + page - 1) / page * page;
  const auto end = (reinterpret_cast<uintptr_t>(part.data()) + part.size()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

void pass_through(std::span<const std::byte> bytes, const std::function<void(std::span<const std::byte>)>& take) {
  constexpr size_t kPiece = size_t{16} << 20;
  for (size_t begin = 0; begin < bytes.size(); begin += kPiece) {
    const auto piece = bytes.subspan(begin, std::min(kPiece, bytes.size() - begin));
    take(piece);
    advise_done(piece);
  }
}

Result<LockFile> LockFile::acquire(const std::string& path) {
  HONE_TRY_ASSIGN(FileDescriptor fd, open_file(path, O_RDWR | O_CREAT));
  if (retry_interrupted([&] { return ::flock(fd.get(), LOCK_EX | LOCK_NB); }) != 0) {
    if (errno != EWOULDBLOCK) return os_error(errno, "lock", path);
    return Error{.code = ErrorCode::kInUse, .message = "in use by " + holder_of(fd.get()), .file = path};
  }
  if (::ftruncate(fd.get(), 0) != 0) return os_error(errno, "truncate", path);
  HONE_TRY(write_all(fd.get(), as_bytes(str(getpid(), "\n")), path));
  return LockFile(std::move(fd));
}

}  // namespace hone
