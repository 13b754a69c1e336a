// What a checkpoint is: a folder with a copy of a store's files that says of
// itself that it is one. Put in a store's place by hand it would have the
// history that others remember, and no longer what they remember of it
// (reliability finding 5): so it is not opened as a store. restore.h makes one
// of it.
#ifndef ROLLCALL_COMMON_STORE_CHECKPOINT_H_
#define ROLLCALL_COMMON_STORE_CHECKPOINT_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/store/store_identity.h"
#include "rocksdb/env.h"

namespace rollcall::store {

// The file that tells a checkpoint from a store. RocksDB does not look at it.
inline constexpr char kCheckpointMark[] = "ROLLCALL_CHECKPOINT";

// Makes a checkpoint of a folder that holds a copy; durable when it returns.
absl::Status MarkCheckpoint(rocksdb::Env& env, const std::string& folder,
                            const StoreIdentity& identity);

// FAILED_PRECONDITION, reason STORE_IS_CHECKPOINT, if `path` is one.
absl::Status CheckNoCheckpoint(rocksdb::Env& env, const std::string& path);

struct VerifyOptions {
  std::string path;
  // Not owned; nullptr: the disk.
  rocksdb::Env* env = nullptr;
  // So that those who are waiting for the disk get their share. 0: no limit.
  int64_t max_bytes_per_second = 0;
  // Asked now and then; CANCELLED, reason STORE_VERIFY_STOPPED, if it says yes.
  std::function<bool()> is_stopping;
};

// What a copy holds.
struct CopyFacts {
  StoreIdentity identity;
  int64_t rows = 0;
  int64_t bytes = 0;  // Of keys and values.
};

// Reads every row of a copy that nobody has open, and compares it with its
// checksum and its key as every read of a store does; changes nothing. Memory
// is bounded, and no cache of a store is touched. DATA_LOSS, reason
// STORE_DAMAGED, if anything is wrong.
absl::StatusOr<CopyFacts> VerifyCopy(const VerifyOptions& options);

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_CHECKPOINT_H_
