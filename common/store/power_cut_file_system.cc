#include "common/store/power_cut_file_system.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rollcall::store {
namespace {

using ::rocksdb::FSDirectory;
using ::rocksdb::FSWritableFile;
using ::rocksdb::IODebugContext;
using ::rocksdb::IOOptions;
using ::rocksdb::IOStatus;

IOStatus PowerIsOff() { return IOStatus::IOError("The power is off"); }

// The sync of this file is one of bookkeeping only: nobody cuts the power of
// the machine that runs the test.
class PowerCutFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  PowerCutFile(std::unique_ptr<FSWritableFile> file, std::string path,
               PowerCutFileSystem& system)
      : FSWritableFileOwnerWrapper(std::move(file)),
        path_(std::move(path)),
        system_(system) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    const size_t kept = system_.TickAppend(path_, data.size());
    const IOStatus status = FSWritableFileOwnerWrapper::Append(
        rocksdb::Slice(data.data(), kept), options, debug);
    return kept < data.size() || system_.is_off() ? PowerIsOff() : status;
  }

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }

  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    IOStatus status = system_.Tick();
    if (status.ok()) system_.Synced(path_);
    return status;
  }

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Sync(options, debug);
  }

  // Only starts to write, and promises nothing.
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&,
                     IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  const std::string path_;
  PowerCutFileSystem& system_;
};

class PowerCutDirectory : public rocksdb::FSDirectoryWrapper {
 public:
  PowerCutDirectory(std::unique_ptr<FSDirectory> directory, std::string path,
                    PowerCutFileSystem& system)
      : FSDirectoryWrapper(std::move(directory)),
        path_(std::move(path)),
        system_(system) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    IOStatus status = system_.Tick();
    if (status.ok()) system_.DirectorySynced(path_);
    return status;
  }

  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, debug);
  }

 private:
  const std::string path_;
  PowerCutFileSystem& system_;
};

std::string DirectoryOf(const std::string& path) {
  return std::filesystem::path(path).parent_path().lexically_normal();
}

}  // namespace

PowerCutFileSystem::PowerCutFileSystem(std::string attic, uint32_t seed)
    : FileSystemWrapper(rocksdb::FileSystem::Default()),
      attic_(std::move(attic)),
      random_(seed) {}

void PowerCutFileSystem::CutPowerAfter(int operations) {
  absl::MutexLock lock(&mutex_);
  operations_left_ = operations;
}

bool PowerCutFileSystem::is_off() const {
  absl::MutexLock lock(&mutex_);
  return off_;
}

void PowerCutFileSystem::IgnoreSyncs() {
  absl::MutexLock lock(&mutex_);
  ignores_syncs_ = true;
}

void PowerCutFileSystem::LeaveZeros() {
  absl::MutexLock lock(&mutex_);
  leaves_zeros_ = true;
}

void PowerCutFileSystem::Restart() {
  absl::MutexLock lock(&mutex_);
  // A journal keeps a beginning of the changes, never one without those before.
  const size_t kept = random_() % (changes_.size() + 1);
  while (changes_.size() > kept) {
    Undo(changes_.back());
    changes_.pop_back();
  }
  for (const auto& [path, sizes] : files_) LoseUnsynced(path, *sizes);
  files_.clear();
  changes_.clear();
  operations_left_ = 0;
  off_ = false;
}

IOStatus PowerCutFileSystem::Tick() {
  absl::MutexLock lock(&mutex_);
  return TickLocked();
}

IOStatus PowerCutFileSystem::TickLocked() {
  if (operations_left_ > 0 && --operations_left_ == 0) off_ = true;
  return off_ ? PowerIsOff() : IOStatus::OK();
}

size_t PowerCutFileSystem::TickAppend(const std::string& path, size_t size) {
  absl::MutexLock lock(&mutex_);
  if (off_) return 0;
  if (!TickLocked().ok()) size = random_() % (size + 1);
  files_.at(path)->written += size;
  return size;
}

void PowerCutFileSystem::Synced(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (ignores_syncs_) return;
  Sizes& sizes = *files_.at(path);
  sizes.synced = sizes.written;
}

void PowerCutFileSystem::DirectorySynced(const std::string& directory) {
  absl::MutexLock lock(&mutex_);
  if (ignores_syncs_) return;
  const std::string synced = DirectoryOf(absl::StrCat(directory, "/x"));
  changes_.erase(std::remove_if(changes_.begin(), changes_.end(),
                                [&synced](const Change& change) {
                                  return DirectoryOf(change.path) == synced;
                                }),
                 changes_.end());
}

IOStatus PowerCutFileSystem::NewWritableFile(
    const std::string& path, const rocksdb::FileOptions& options,
    std::unique_ptr<FSWritableFile>* result, IODebugContext* debug) {
  {
    absl::MutexLock lock(&mutex_);
    IOStatus status = TickLocked();
    if (!status.ok()) return status;
    changes_.push_back({.path = path, .saved = Save(path)});
    files_[path] = std::make_shared<Sizes>();
  }
  std::unique_ptr<FSWritableFile> file;
  IOStatus status =
      FileSystemWrapper::NewWritableFile(path, options, &file, debug);
  if (status.ok()) {
    *result = std::make_unique<PowerCutFile>(std::move(file), path, *this);
  }
  return status;
}

IOStatus PowerCutFileSystem::NewDirectory(const std::string& path,
                                          const IOOptions& options,
                                          std::unique_ptr<FSDirectory>* result,
                                          IODebugContext* debug) {
  std::unique_ptr<FSDirectory> directory;
  IOStatus status =
      FileSystemWrapper::NewDirectory(path, options, &directory, debug);
  if (status.ok()) {
    *result =
        std::make_unique<PowerCutDirectory>(std::move(directory), path, *this);
  }
  return status;
}

IOStatus PowerCutFileSystem::RenameFile(const std::string& from,
                                        const std::string& to, const IOOptions&,
                                        IODebugContext*) {
  absl::MutexLock lock(&mutex_);
  IOStatus status = TickLocked();
  if (!status.ok()) return status;
  if (!std::filesystem::exists(from)) return IOStatus::PathNotFound(from);
  changes_.push_back({.path = to, .moved_from = from, .saved = Save(to)});
  Move(from, to);
  return IOStatus::OK();
}

IOStatus PowerCutFileSystem::DeleteFile(const std::string& path,
                                        const IOOptions&, IODebugContext*) {
  absl::MutexLock lock(&mutex_);
  IOStatus status = TickLocked();
  if (!status.ok()) return status;
  if (!std::filesystem::exists(path)) return IOStatus::PathNotFound(path);
  changes_.push_back({.path = path, .saved = Save(path)});
  return IOStatus::OK();
}

IOStatus PowerCutFileSystem::LinkFile(const std::string& from,
                                      const std::string& to, const IOOptions&,
                                      IODebugContext*) {
  absl::MutexLock lock(&mutex_);
  IOStatus status = TickLocked();
  if (!status.ok()) return status;
  std::error_code error;
  std::filesystem::create_hard_link(from, to, error);
  if (error) return IOStatus::IOError(error.message(), to);
  changes_.push_back({.path = to});
  if (const auto found = files_.find(from); found != files_.end()) {
    files_[to] = found->second;
  }
  return IOStatus::OK();
}

IOStatus PowerCutFileSystem::ReopenWritableFile(
    const std::string& path, const rocksdb::FileOptions& options,
    std::unique_ptr<FSWritableFile>* result, IODebugContext* debug) {
  {
    absl::MutexLock lock(&mutex_);
    IOStatus status = TickLocked();
    if (!status.ok()) return status;
    if (!files_.contains(path)) return IOStatus::NotSupported("old files");
  }
  std::unique_ptr<FSWritableFile> file;
  IOStatus status =
      FileSystemWrapper::ReopenWritableFile(path, options, &file, debug);
  if (status.ok()) {
    *result = std::make_unique<PowerCutFile>(std::move(file), path, *this);
  }
  return status;
}

IOStatus PowerCutFileSystem::ReuseWritableFile(const std::string&,
                                               const std::string&,
                                               const rocksdb::FileOptions&,
                                               std::unique_ptr<FSWritableFile>*,
                                               IODebugContext*) {
  return IOStatus::NotSupported("ReuseWritableFile");
}

IOStatus PowerCutFileSystem::NewRandomRWFile(
    const std::string&, const rocksdb::FileOptions&,
    std::unique_ptr<rocksdb::FSRandomRWFile>*, IODebugContext*) {
  return IOStatus::NotSupported("NewRandomRWFile");
}

IOStatus PowerCutFileSystem::Truncate(const std::string&, size_t,
                                      const IOOptions&, IODebugContext*) {
  return IOStatus::NotSupported("Truncate");
}

std::string PowerCutFileSystem::Save(const std::string& path) {
  if (!std::filesystem::exists(path)) return "";
  const std::string saved = absl::StrCat(attic_, "/", ++saved_);
  Move(path, saved);
  return saved;
}

void PowerCutFileSystem::Move(const std::string& from, const std::string& to) {
  // A folder that is gone comes back with the first file that does.
  std::filesystem::create_directories(DirectoryOf(to));
  std::filesystem::rename(from, to);
  files_.erase(to);
  if (auto file = files_.extract(from)) {
    file.key() = to;
    files_.insert(std::move(file));
  }
}

void PowerCutFileSystem::Undo(const Change& change) {
  if (!change.moved_from.empty()) {
    Move(change.path, change.moved_from);
  } else {
    std::filesystem::remove(change.path);
    files_.erase(change.path);
  }
  if (!change.saved.empty()) Move(change.saved, change.path);
}

void PowerCutFileSystem::LoseUnsynced(const std::string& path, Sizes& sizes) {
  if (!std::filesystem::exists(path)) return;
  const uint64_t unsynced = sizes.written - sizes.synced;
  const uint64_t kept = sizes.synced + random_() % (unsynced + 1);
  std::filesystem::resize_file(path, kept);
  if (leaves_zeros_) std::filesystem::resize_file(path, sizes.written);
  sizes.written = sizes.synced;  // Once, whatever the file's names.
}

}  // namespace rollcall::store
