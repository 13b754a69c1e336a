// The store on RocksDB: on disk, or on RocksDB's in-memory Env (the same code
// over another Env).
//
// Settings and their reasons are those of reliability.md B6: every commit is
// synced; a damaged log is refused, never shortened in silence; a failed write
// ends the store instead of being resumed; every value carries its own checksum
// and its key; writing ends before the disk is full. engine.cc has those of
// RocksDB, checkpointer.h the hourly copy, restore.h the way back.
#ifndef ROLLCALL_COMMON_STORE_ROCKSDB_STORE_H_
#define ROLLCALL_COMMON_STORE_ROCKSDB_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/store/disk_space.h"
#include "common/store/store.h"

namespace rocksdb {
class Env;
}

namespace rollcall::store {

struct RocksDbOptions {
  // The directory. Created if it does not exist; locked while open.
  std::string path;

  // The version of the owner's keys and values. A store of another version is
  // FAILED_PRECONDITION, reason STORE_FORMAT_MISMATCH, and is not touched.
  int format_version = 1;

  // Names the owner, so that a service does not open another one's store:
  // reason STORE_OWNER_MISMATCH.
  std::string owner;

  // Called once, with the first error of a write, on any thread. A service ends
  // its process here (exit code 74): a store that failed must be opened anew
  // (reliability finding 2). Tests look at it.
  std::function<void(const absl::Status&)> on_failure;

  // If less than the larger of these is free, no commit is accepted
  // (RESOURCE_EXHAUSTED, reason STORE_DISK_LOW), before the disk is full. Zero
  // bytes: whatever the disk says, the percentage is not asked for either.
  uint64_t min_free_bytes = uint64_t{512} << 20;
  int min_free_percent = 10;
  // How full the disk at a path is; if none is given, the system is asked.
  std::function<absl::StatusOr<DiskSpace>(const std::string&)> disk_space;

  // Memory for blocks and for writes.
  size_t block_cache_bytes = size_t{32} << 20;
  size_t write_buffer_bytes = size_t{16} << 20;
  // Rows of a chunk of a bulk load; at most seven times as much is in memory.
  size_t bulk_chunk_bytes = size_t{8} << 20;
  // A batch of so many bytes is written as table files (batch_tables.h): a few
  // more syncs and a fraction of the CPU.
  size_t table_commit_bytes = size_t{1} << 20;

  // Not owned; nullptr: the disk. Must outlive the store.
  rocksdb::Env* env = nullptr;
};

// A store that can be copied while it is in use.
class RocksDbStore : public Store {
 public:
  // Copies one instant to `folder`, which does not exist yet and whose parent
  // does; an absolute path. Tables are not copied but linked, if it is on the
  // same disk. The copy says of itself that it is one (checkpoint.h); it is not
  // verified. UNAVAILABLE, reason STORE_CHECKPOINT_FAILED; RESOURCE_EXHAUSTED,
  // reason STORE_DISK_LOW.
  virtual absl::Status Checkpoint(const std::string& folder) = 0;
};

// Opens the store, or creates it. UNAVAILABLE if another process has it open;
// DATA_LOSS if it is damaged; FAILED_PRECONDITION, reason STORE_IS_CHECKPOINT,
// if it is the copy of one (restore.h).
absl::StatusOr<std::unique_ptr<RocksDbStore>> OpenRocksDb(
    RocksDbOptions options);

// A store in memory, for tests. Its incarnation is new each time.
absl::StatusOr<std::unique_ptr<Store>> OpenInMemory();

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_ROCKSDB_STORE_H_
