// How a store opens RocksDB, and what its errors mean. The settings are those
// of reliability.md B6.
#ifndef ROLLCALL_COMMON_STORE_ENGINE_H_
#define ROLLCALL_COMMON_STORE_ENGINE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "rocksdb/env.h"
#include "rocksdb/options.h"
#include "rocksdb/slice.h"
#include "rocksdb/status.h"

namespace rollcall::store {

struct EngineMemory {
  size_t block_cache_bytes = size_t{32} << 20;
  size_t write_buffer_bytes = size_t{16} << 20;
};

rocksdb::Options EngineOptions(rocksdb::Env* env, const EngineMemory& memory);

// An acknowledged write survives a power cut (invariant 1).
rocksdb::WriteOptions Synced();

// DATA_LOSS if the file is missing that RocksDB begins to read at.
absl::Status CheckHasCurrent(rocksdb::Env& env, const std::string& path);

// Refuses a directory that holds data of RocksDB but not the file that it
// begins to read at: RocksDB would create an empty store in its place.
absl::Status CheckNotHeadless(rocksdb::Env& env, const std::string& path);

// DATA_LOSS, reason STORE_DAMAGED.
absl::Status Damaged(const std::string& path, absl::string_view cause);
// What went wrong with opening the store at `path`: DATA_LOSS, or UNAVAILABLE
// with reason STORE_LOCKED or STORE_OPEN_FAILED.
absl::Status OpenError(rocksdb::Env& env, const std::string& path,
                       const rocksdb::Status& error);
// What went wrong with reading a row.
absl::Status ReadError(const rocksdb::Status& error);

inline rocksdb::Slice ToSlice(absl::string_view text) {
  return {text.data(), text.size()};
}
inline absl::string_view ToView(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_ENGINE_H_
