#include "common/store/deletion_guard.h"

#include <utility>

namespace rollcall::store {

DeletionGuard::DeletionGuard(std::shared_ptr<rocksdb::FileSystem> disk,
                             std::shared_ptr<const FailureLatch> latch)
    : FileSystemWrapper(std::move(disk)), latch_(std::move(latch)) {}

rocksdb::IOStatus DeletionGuard::DeleteFile(const std::string& path,
                                            const rocksdb::IOOptions& options,
                                            rocksdb::IODebugContext* debug) {
  if (latch_->status().ok()) return target()->DeleteFile(path, options, debug);
  return rocksdb::IOStatus::IOError(
      "The store has failed, so that nothing is deleted any more", path);
}

}  // namespace rollcall::store
