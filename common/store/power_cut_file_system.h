// A disk with a cache that a power cut empties: what was not synced is lost or
// cut short; directory entries that were not synced are undone, the newest
// first. For tests.
#ifndef ROLLCALL_COMMON_STORE_POWER_CUT_FILE_SYSTEM_H_
#define ROLLCALL_COMMON_STORE_POWER_CUT_FILE_SYSTEM_H_

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "rocksdb/file_system.h"

namespace rollcall::store {

// Thread-safe. The files are real ones, below a directory of their own.
class PowerCutFileSystem : public rocksdb::FileSystemWrapper {
 public:
  // Keeps files that were replaced or deleted, but whose directory was not
  // synced, in `attic`, an existing directory on the same disk.
  PowerCutFileSystem(std::string attic, uint32_t seed);

  // Cuts the power in the middle of the `operations`-th write from now (1: the
  // next). From then on every write fails.
  void CutPowerAfter(int operations);
  bool is_off() const;

  // A disk that says it synced and did not: the negative control.
  void IgnoreSyncs();

  // A file system that writes the new size of a file down before the data, so
  // that zeros may be where data was lost.
  void LeaveZeros();

  // Once everything is closed: leaves on the disk what the cut left of it, and
  // switches the power on again.
  void Restart();

  // --- For the files of this file system ---

  // Counts one write. An error if the power is off, before it or by it.
  rocksdb::IOStatus Tick();
  // Counts one append; returns how many of its bytes reach the cache. Fewer
  // than `size` if the power goes off in the middle.
  size_t TickAppend(const std::string& path, size_t size);
  void Synced(const std::string& path);
  void DirectorySynced(const std::string& directory);

  const char* Name() const override { return "PowerCutFileSystem"; }
  rocksdb::IOStatus NewWritableFile(
      const std::string& path, const rocksdb::FileOptions& options,
      std::unique_ptr<rocksdb::FSWritableFile>* result,
      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& path,
                                 const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(
      const std::string& path, const rocksdb::FileOptions& options,
      std::unique_ptr<rocksdb::FSWritableFile>* result,
      rocksdb::IODebugContext* debug) override;

  // What the store does not use, and this model does not know.
  rocksdb::IOStatus ReuseWritableFile(
      const std::string& path, const std::string& old_path,
      const rocksdb::FileOptions& options,
      std::unique_ptr<rocksdb::FSWritableFile>* result,
      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomRWFile(
      const std::string& path, const rocksdb::FileOptions& options,
      std::unique_ptr<rocksdb::FSRandomRWFile>* result,
      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus Truncate(const std::string& path, size_t size,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;

 private:
  struct Sizes {
    uint64_t written = 0;
    uint64_t synced = 0;
  };

  // A change of a directory that is not synced yet, and how to undo it:
  // `path` goes back to `moved_from` if that is set, else it goes; then `saved`
  // goes back to `path`.
  struct Change {
    std::string path;
    std::string moved_from;
    std::string saved;  // In the attic; empty: nothing was there.
  };

  rocksdb::IOStatus TickLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Moves what is at `path`, if anything, to the attic, and returns where to.
  std::string Save(const std::string& path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Move(const std::string& from, const std::string& to)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Undo(const Change& change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LoseUnsynced(const std::string& path, Sizes& sizes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string attic_;
  mutable absl::Mutex mutex_;
  std::mt19937 random_ ABSL_GUARDED_BY(mutex_);
  int operations_left_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: no cut is planned.
  bool off_ ABSL_GUARDED_BY(mutex_) = false;
  bool ignores_syncs_ ABSL_GUARDED_BY(mutex_) = false;
  bool leaves_zeros_ ABSL_GUARDED_BY(mutex_) = false;
  int saved_ ABSL_GUARDED_BY(mutex_) = 0;
  // Files whose data is not known to be on the disk for good; the names of one
  // file share its sizes.
  std::map<std::string, std::shared_ptr<Sizes>> files_ ABSL_GUARDED_BY(mutex_);
  std::vector<Change> changes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_POWER_CUT_FILE_SYSTEM_H_
