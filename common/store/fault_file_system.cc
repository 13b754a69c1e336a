#include "common/store/fault_file_system.h"

#include <utility>

#include "absl/strings/match.h"

namespace rollcall::store {
namespace {

using ::rocksdb::FSWritableFile;
using ::rocksdb::IODebugContext;
using ::rocksdb::IOOptions;
using ::rocksdb::IOStatus;

class FaultFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultFile(std::unique_ptr<FSWritableFile> file, std::string path,
            FaultFileSystem& system)
      : FSWritableFileOwnerWrapper(std::move(file)),
        path_(std::move(path)),
        system_(system) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    IOStatus fault = system_.Next(FaultFileSystem::Operation::kAppend, path_);
    if (!fault.ok()) return fault;
    return FSWritableFileOwnerWrapper::Append(data, options, debug);
  }

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }

  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus status = FSWritableFileOwnerWrapper::Sync(options, debug);
    if (!status.ok()) return status;
    return system_.Next(FaultFileSystem::Operation::kSync, path_);
  }

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus status = FSWritableFileOwnerWrapper::Fsync(options, debug);
    if (!status.ok()) return status;
    return system_.Next(FaultFileSystem::Operation::kSync, path_);
  }

 private:
  const std::string path_;
  FaultFileSystem& system_;
};

}  // namespace

FaultFileSystem::FaultFileSystem()
    : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

void FaultFileSystem::FailOnce(Operation operation, std::string suffix, int n) {
  absl::MutexLock lock(&mutex_);
  fault_ = Fault{operation, std::move(suffix), n};
}

bool FaultFileSystem::CancelFailure() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(fault_, absl::nullopt).has_value();
}

IOStatus FaultFileSystem::Next(Operation operation, const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (!fault_.has_value() || fault_->operation != operation ||
      !absl::EndsWith(path, fault_->suffix) || --fault_->countdown > 0) {
    return IOStatus::OK();
  }
  fault_ = absl::nullopt;
  return IOStatus::IOError("A fault of the test", path);
}

IOStatus FaultFileSystem::NewWritableFile(
    const std::string& path, const rocksdb::FileOptions& options,
    std::unique_ptr<FSWritableFile>* result, IODebugContext* debug) {
  std::unique_ptr<FSWritableFile> file;
  IOStatus status =
      FileSystemWrapper::NewWritableFile(path, options, &file, debug);
  if (status.ok()) {
    *result = std::make_unique<FaultFile>(std::move(file), path, *this);
  }
  return status;
}

}  // namespace rollcall::store
