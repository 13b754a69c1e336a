// A file system that deletes nothing any more once the store has failed.
#ifndef ROLLCALL_COMMON_STORE_DELETION_GUARD_H_
#define ROLLCALL_COMMON_STORE_DELETION_GUARD_H_

#include <memory>
#include <string>

#include "common/store/failure_latch.h"
#include "rocksdb/file_system.h"

namespace rollcall::store {

// After a write to the manifest that failed, nobody knows whether the manifest
// holds it. RocksDB 7.8 takes it for lost and deletes the files of a bulk load,
// so that a manifest that does hold it names files that are gone, and the store
// cannot be opened again. What is kept here too many, RocksDB deletes at the
// next opening. Thread-safe.
class DeletionGuard : public rocksdb::FileSystemWrapper {
 public:
  DeletionGuard(std::shared_ptr<rocksdb::FileSystem> disk,
                std::shared_ptr<const FailureLatch> latch);

  const char* Name() const override { return "DeletionGuard"; }
  // An I/O error after a failure.
  rocksdb::IOStatus DeleteFile(const std::string& path,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  const std::shared_ptr<const FailureLatch> latch_;
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_DELETION_GUARD_H_
