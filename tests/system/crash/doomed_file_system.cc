#include "tests/system/crash/doomed_file_system.h"

#include <utility>

namespace rollcall::directory {
namespace {

using ::rocksdb::FSWritableFile;
using ::rocksdb::IODebugContext;
using ::rocksdb::IOOptions;
using ::rocksdb::IOStatus;
using ::rocksdb::Slice;

class DoomedFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  DoomedFile(std::unique_ptr<FSWritableFile> file, Doom& doom)
      : FSWritableFileOwnerWrapper(std::move(file)), doom_(doom) {}

  IOStatus Append(const Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    if (doom_.IsDue(Doom::kDiskWrite)) {
      FSWritableFileOwnerWrapper::Append(Slice(data.data(), data.size() / 2),
                                         options, debug);
      Doom::Strike();
    }
    return FSWritableFileOwnerWrapper::Append(data, options, debug);
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    if (doom_.IsDue(Doom::kDiskWrite)) Doom::Strike();
    return FSWritableFileOwnerWrapper::Sync(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    if (doom_.IsDue(Doom::kDiskWrite)) Doom::Strike();
    return FSWritableFileOwnerWrapper::Fsync(options, debug);
  }

 private:
  Doom& doom_;
};

}  // namespace

IOStatus DoomedFileSystem::NewWritableFile(
    const std::string& path, const rocksdb::FileOptions& options,
    std::unique_ptr<FSWritableFile>* result, IODebugContext* debug) {
  std::unique_ptr<FSWritableFile> file;
  IOStatus status =
      FileSystemWrapper::NewWritableFile(path, options, &file, debug);
  if (status.ok()) {
    *result = std::make_unique<DoomedFile>(std::move(file), doom_);
  }
  return status;
}

IOStatus DoomedFileSystem::RenameFile(const std::string& from,
                                      const std::string& to,
                                      const IOOptions& options,
                                      IODebugContext* debug) {
  if (doom_.IsDue(Doom::kDiskWrite)) Doom::Strike();
  return FileSystemWrapper::RenameFile(from, to, options, debug);
}

}  // namespace rollcall::directory
