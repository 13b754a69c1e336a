// For tests of crashes: a file system whose process dies in the middle of a
// write.
#ifndef ROLLCALL_TESTS_SYSTEM_CRASH_DOOMED_FILE_SYSTEM_H_
#define ROLLCALL_TESTS_SYSTEM_CRASH_DOOMED_FILE_SYSTEM_H_

#include <memory>
#include <string>

#include "rocksdb/file_system.h"
#include "tests/system/crash/doom.h"

namespace rollcall::directory {

// Thread-safe. Half of the data of the fatal write is there afterwards; before
// a fatal sync or rename, all that was written.
class DoomedFileSystem : public rocksdb::FileSystemWrapper {
 public:
  // `doom` must outlive this.
  explicit DoomedFileSystem(Doom& doom)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), doom_(doom) {}

  const char* Name() const override { return "DoomedFileSystem"; }
  rocksdb::IOStatus NewWritableFile(
      const std::string& path, const rocksdb::FileOptions& options,
      std::unique_ptr<rocksdb::FSWritableFile>* result,
      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  Doom& doom_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_CRASH_DOOMED_FILE_SYSTEM_H_
