// The bulk loader on RocksDB: rows are sorted chunk by chunk; the first chunks
// stay in memory, the others are put aside in files. At the end they are merged
// into table files in one pass, on two threads, and these are handed to RocksDB
// as they are. Each row is compressed, indexed and checked once, and no
// compaction touches it again.
//
// What a crash leaves, step by step:
//   - while rows are put aside or merged: files in a folder of the loader,
//     removed when the store is opened next;
//   - while RocksDB takes them over: hard links in its own folder that its
//     manifest does not name, removed by RocksDB at the next opening;
//   - after the one record in the manifest is synced: all rows. The files and
//     the folder are synced before it.
// So there are all rows or none, and no caller heard OK before there are all.
#ifndef ROLLCALL_COMMON_STORE_BULK_LOAD_H_
#define ROLLCALL_COMMON_STORE_BULK_LOAD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "common/store/failure_latch.h"
#include "common/store/row_chunk.h"
#include "common/store/row_source.h"
#include "common/store/store.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/status.h"

namespace rollcall::store {

// What a loader works on; all of it outlives the loader.
struct BulkLoadOptions {
  rocksdb::DB* db = nullptr;
  rocksdb::Env* env = nullptr;
  FailureLatch* latch = nullptr;
  // Whether the store takes writes now.
  std::function<absl::Status()> check_writable;
  std::string partition;
  // Where its files are until the end: a folder of its own, made when needed.
  std::string folder;
  // Rows of a chunk, about; at most seven times as much is in memory.
  size_t chunk_bytes = size_t{8} << 20;
};

// Thread-safe.
class RocksDbBulkLoader : public BulkLoader {
 public:
  explicit RocksDbBulkLoader(BulkLoadOptions options);
  ~RocksDbBulkLoader() override;

  absl::Status Add(absl::string_view key, absl::string_view value) override;
  absl::Status Finish() override;

 private:
  // Where rows are collected until it is worth taking the loader's lock, which
  // several threads want for each row.
  struct Intake {
    absl::Mutex mutex;
    RowChunk rows ABSL_GUARDED_BY(mutex);
    bool closed ABSL_GUARDED_BY(mutex) = false;
  };
  // Sorted rows, in memory or in a file.
  struct Run {
    RowChunk rows;
    std::string path;  // Empty: in memory.
    size_t row_count = 0;
    size_t low_count = 0;      // Of them, those below the split key.
    uint64_t high_offset = 0;  // Of the others in the file.
  };
  enum class Half { kLow, kHigh };

  // Whether another chunk may be put aside; bounds the memory.
  bool MaySpool() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return spooling_ < 2;
  }
  bool IsQuiet() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return spooling_ == 0;
  }
  bool IsFull() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return chunk_.byte_size() >= options_.chunk_bytes;
  }

  absl::Status CheckPartition() const;
  // That of this thread, and maybe others.
  Intake& MyIntake();
  // Adds rows to the chunk, and puts it aside if it is full.
  absl::Status Take(const RowChunk& rows) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status CloseIntakes() ABSL_LOCKS_EXCLUDED(mutex_);
  // Sorts the chunk, and keeps it or writes it to a new file.
  absl::Status PutAside(RowChunk& chunk) ABSL_LOCKS_EXCLUDED(mutex_);
  Run RunOf(const RowChunk& sorted) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Writes all rows to table files; the two halves at once.
  absl::Status MergeAll(const std::vector<Run>& runs,
                        std::vector<std::string>& tables);
  absl::Status Merge(const std::vector<Run>& runs, Half half,
                     std::vector<std::string>& tables);
  absl::Status OpenRun(const Run& run, Half half,
                       std::unique_ptr<RowSource>& source);

  // A write that fails ends the store, here as in a commit.
  absl::Status Written(const rocksdb::Status& status);

  const BulkLoadOptions options_;
  const std::string row_prefix_;

  std::array<Intake, 4> intakes_;

  absl::Mutex mutex_;  // After that of an intake.
  RowChunk chunk_ ABSL_GUARDED_BY(mutex_);
  RowChunk spare_ ABSL_GUARDED_BY(mutex_);  // Empty, for its memory.
  std::vector<Run> runs_ ABSL_GUARDED_BY(mutex_);
  // A key about in the middle; empty while there is no run.
  std::string split_key_ ABSL_GUARDED_BY(mutex_);
  int spooling_ ABSL_GUARDED_BY(mutex_) = 0;
  int files_ ABSL_GUARDED_BY(mutex_) = 0;        // Names them.
  absl::Status status_ ABSL_GUARDED_BY(mutex_);  // The first error.
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_BULK_LOAD_H_
