// A file system that fails at the n-th write or sync. For tests.
#ifndef ROLLCALL_COMMON_STORE_FAULT_FILE_SYSTEM_H_
#define ROLLCALL_COMMON_STORE_FAULT_FILE_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "rocksdb/file_system.h"

namespace rollcall::store {

// Thread-safe. Everything that is not made to fail reaches the disk.
class FaultFileSystem : public rocksdb::FileSystemWrapper {
 public:
  enum class Operation {
    kAppend,  // Nothing of the data is written.
    kSync,    // The data is durable, and yet the call fails.
  };

  FaultFileSystem();

  // The `n`-th `operation` from now (1: the next) on a file whose name ends
  // with `suffix` fails with an I/O error, once.
  void FailOnce(Operation operation, std::string suffix, int n);
  // Whether that failure is still to come; it comes no more.
  bool CancelFailure();

  // The error that is due, or OK. For the files of this file system.
  rocksdb::IOStatus Next(Operation operation, const std::string& path);

  const char* Name() const override { return "FaultFileSystem"; }
  rocksdb::IOStatus NewWritableFile(
      const std::string& path, const rocksdb::FileOptions& options,
      std::unique_ptr<rocksdb::FSWritableFile>* result,
      rocksdb::IODebugContext* debug) override;

 private:
  struct Fault {
    Operation operation;
    std::string suffix;
    int countdown;
  };

  absl::Mutex mutex_;
  absl::optional<Fault> fault_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_FAULT_FILE_SYSTEM_H_
