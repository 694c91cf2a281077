#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <future>
#include <system_error>

#include "base/file.h"
#include "base/hash.h"
#include "policy/file_parameters.h"
#include "trainer/checkpoint.h"
#include "trainer/checkpoint_list.h"
#include "trainer/manifest.h"

namespace hone::trainer {
namespace {

using Clock = std::chrono::steady_clock;

// Adds the time since the last call to one phase after another.
class PhaseTimer {
 public:
  void end(double& phase) {
    const Clock::time_point now = Clock::now();
    phase += std::chrono::duration<double, std::milli>(now - last_).count();
    last_ = now;
  }

 private:
  Clock::time_point last_ = Clock::now();
};

// Runs the call in a thread of its own, or in get() where the system has no thread left.
template <class Call>
std::future<Result<void>> start(const Call& call) {
  try {
    return std::async(std::launch::async, call);
  } catch (const std::system_error&) {
    return std::async(std::launch::deferred, call);
  }
}

// Writes new files of one directory, hashing on the way; they are synced together at the end, when the disk has had
// time to take most of them.
class DirectoryWriter {
 public:
  explicit DirectoryWriter(std::string directory) : directory_(std::move(directory)) {}

  Result<void> write_tensors(std::string_view name, std::span<const policy::TensorOut> tensors) {
    HONE_TRY(begin(name));
    HONE_TRY(policy::write_safetensors(tensors, [this](std::span<const std::byte> bytes) { return put(bytes); }));
    return end();
  }

  Result<void> write_text(std::string_view name, std::string_view text) {
    HONE_TRY(begin(name));
    HONE_TRY(put(as_bytes(text)));
    return end();
  }

  // All files and the directory at once: a disk takes about as long for many as for one.
  Result<void> sync() {
    std::vector<std::future<Result<void>>> syncs;
    for (size_t i = 0; i < descriptors_.size(); ++i) {
      syncs.push_back(start([this, i] { return sync_file(descriptors_[i].get(), path_of(i)); }));
    }
    Result<void> result = fsync_directory(directory_);
    for (std::future<Result<void>>& sync : syncs) {
      if (Result<void> one = sync.get(); !one.ok()) result = one;
    }
    return result;
  }

  // Compares what the system gives back with what was meant.
  Result<void> read_back() const {
    for (size_t i = 0; i < files_.size(); ++i) {
      HONE_TRY_ASSIGN(const MappedFile file, MappedFile::open(path_of(i)));
      uint32_t crc = 0;
      pass_through(file.bytes(), [&](std::span<const std::byte> piece) { crc = crc32c(piece, crc); });
      if (static_cast<int64_t>(file.bytes().size()) != files_[i].size || crc != crcs_[i])
        return Error{.code = ErrorCode::kIo, .message = "does not read back as written", .file = path_of(i)};
    }
    return {};
  }

  const std::vector<ManifestFile>& files() const { return files_; }

 private:
  static constexpr size_t kBufferBytes = 1 << 18;

  std::string path_of(size_t i) const { return join_path(directory_, files_[i].name); }

  Result<void> begin(std::string_view name) {
    files_.push_back({std::string(name), 0, ""});
    crcs_.push_back(0);
    hash_ = Sha256();
    HONE_TRY_ASSIGN(FileDescriptor fd, open_file(path_of(files_.size() - 1), O_WRONLY | O_CREAT | O_EXCL));
    descriptors_.push_back(std::move(fd));
    return {};
  }

  Result<void> put(std::span<const std::byte> bytes) {
    if (bytes.size() >= kBufferBytes) {
      HONE_TRY(flush());
      return write(bytes);
    }
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return buffer_.size() >= kBufferBytes ? flush() : Result<void>();
  }

  Result<void> end() {
    HONE_TRY(flush());
    files_.back().sha256 = to_hex(hash_.finish());
    return {};
  }

  Result<void> flush() {
    HONE_TRY(write(buffer_));
    buffer_.clear();
    return {};
  }

  Result<void> write(std::span<const std::byte> bytes) {
    hash_.update(bytes);
    crcs_.back() = crc32c(bytes, crcs_.back());
    files_.back().size += static_cast<int64_t>(bytes.size());
    return write_all(descriptors_.back().get(), bytes, path_of(files_.size() - 1));
  }

  const std::string directory_;
  std::vector<ManifestFile> files_;
  std::vector<uint32_t> crcs_;
  std::vector<FileDescriptor> descriptors_;
  std::vector<std::byte> buffer_;
  Sha256 hash_;
};

Result<int64_t> next_sequence(const std::string& run_dir) {
  HONE_TRY_ASSIGN(const std::vector<ListedCheckpoint> listed, read_list(run_dir));
  int64_t last = 0;
  for (const ListedCheckpoint& checkpoint : listed) {
    if (checkpoint.manifest) last = std::max(last, checkpoint.manifest->sequence);
  }
  return last + 1;
}

Result<void> write_contents(DirectoryWriter& writer, const CheckpointContents& contents) {
  const std::vector<policy::Shard> shards = policy::make_shards(contents.weights, contents.max_shard_bytes);
  for (const policy::Shard& shard : shards) HONE_TRY(writer.write_tensors(shard.name, shard.tensors));
  if (shards.size() > 1) HONE_TRY(writer.write_text(kModelIndexFile, policy::index_of(shards)));
  std::vector<policy::TensorOut> optimizer = contents.masters;
  for (policy::TensorOut& master : optimizer) master.name.insert(0, policy::kMasterPrefix);
  optimizer.insert(optimizer.end(), contents.moments.begin(), contents.moments.end());
  HONE_TRY(writer.write_tensors(kOptimizerFile, optimizer));
  HONE_TRY(writer.write_text(kStateFile, contents.state.dump(1, ' ', false, nlohmann::json::error_handler_t::replace)));
  for (const auto& [name, content] : contents.extra_files) HONE_TRY(writer.write_text(name, content));
  return {};
}

// Moves the finished directory to its name; a checkpoint that stands there changes places with it. File systems that
// cannot exchange see two renames, between which there is none of that name.
Result<void> move_into_place(const std::string& temporary, const std::string& final_path) {
  if (!path_exists(final_path)) return rename_path(temporary, final_path);
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, final_path.c_str(), RENAME_EXCHANGE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return os_error(errno, "exchange with " + final_path, temporary);
  HONE_TRY(rename_path(final_path, temporary + ".old"));
  return rename_path(temporary, final_path);
}

Result<Manifest> write_directory(const std::string& directory, const CheckpointContents& contents, Manifest manifest,
                                 SaveTimes& times) {
  PhaseTimer timer;
  manifest.sha256 = contents.state_sha256;
  if (manifest.sha256.empty()) manifest.sha256 = state_sha256(contents);
  timer.end(times.hash);
  HONE_TRY(make_directories(directory));
  DirectoryWriter writer(directory);
  HONE_TRY(write_contents(writer, contents));
  manifest.files = writer.files();
  HONE_TRY(writer.write_text(kManifestFile, render_manifest(manifest)));
  timer.end(times.write);
  HONE_TRY(writer.sync());
  timer.end(times.sync);
  HONE_TRY(writer.read_back());
  timer.end(times.verify);
  return manifest;
}

Result<void> check_names(const CheckpointContents& contents) {
  const auto problem = [](const std::string& name) {
    return Error{.code = ErrorCode::kInvalid, .message = "not a name of [A-Za-z0-9._-]: " + name};
  };
  if (!is_plain_name(contents.stage)) return problem(contents.stage);
  for (const auto& [name, content] : contents.extra_files) {
    if (!is_plain_name(name)) return problem(name);
  }
  return {};
}

}  // namespace

Result<CheckpointInfo> save_checkpoint(const std::string& run_dir, const CheckpointContents& contents) {
  HONE_TRY(check_names(contents));
  const std::string parent = absolute_path(checkpoints_dir(run_dir));
  if (!path_exists(parent)) {
    HONE_TRY(make_directories(parent));
    HONE_TRY(fsync_directory(run_dir));
  }
  const std::string name = checkpoint_name(contents.stage, contents.step);
  const std::string temporary = join_path(parent, std::string(kTempPrefix) + name);
  HONE_TRY(remove_tree(temporary));
  HONE_TRY_ASSIGN(const int64_t sequence, next_sequence(run_dir));
  CheckpointInfo info{join_path(parent, name), contents.stage, contents.step, sequence};
  Manifest manifest{contents.stage, contents.step, contents.optimizer_step, sequence, "", contents.offsets};
  const Result<Manifest> written = write_directory(temporary, contents, std::move(manifest), info.times);
  PhaseTimer timer;
  const Result<void> moved = written.ok() ? move_into_place(temporary, info.path) : written.error();
  if (!moved.ok()) {
    (void)remove_tree(temporary);
    return moved.error();
  }
  HONE_TRY(fsync_directory(parent));
  for (const char* replaced : {"", ".old"}) (void)remove_tree(temporary + replaced);
  timer.end(info.times.publish);
  info.sha256 = written->sha256;
  for (const ManifestFile& file : written->files) info.bytes += file.size;
  return info;
}

}  // namespace hone::trainer
