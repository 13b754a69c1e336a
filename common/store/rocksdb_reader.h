// Reads rows of RocksDB as entries of partitions. What is damaged is an error,
// never an end.
#ifndef ROLLCALL_COMMON_STORE_ROCKSDB_READER_H_
#define ROLLCALL_COMMON_STORE_ROCKSDB_READER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/store/store.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"

namespace rollcall::store {

// Where a store keeps what it knows of itself. No caller has this partition.
inline constexpr absl::string_view kMeta = "";

// INVALID_ARGUMENT for a name that no caller's partition may have.
absl::Status CheckPartition(absl::string_view partition);

// Reads the state of a snapshot, or the newest one without a snapshot.
// Thread-safe.
class RocksDbReader : public Reader {
 public:
  // Both must outlive this.
  RocksDbReader(rocksdb::DB& db, const rocksdb::Snapshot* snapshot);

  absl::StatusOr<absl::optional<std::string>> Get(
      absl::string_view partition, absl::string_view key) const override;
  std::unique_ptr<Cursor> Scan(absl::string_view partition,
                               const KeyRange& range) const override;
  absl::StatusOr<std::vector<std::string>> ListPartitions(
      absl::string_view after, int limit) const override;

  // The value in the row of any partition, kMeta included.
  absl::StatusOr<absl::optional<std::string>> GetRow(
      absl::string_view row_key) const;

 private:
  rocksdb::DB& db_;
  rocksdb::ReadOptions options_;
};

// One instant, frozen for as long as this lives.
class RocksDbSnapshot : public Reader {
 public:
  explicit RocksDbSnapshot(rocksdb::DB& db);
  ~RocksDbSnapshot() override;
  RocksDbSnapshot(const RocksDbSnapshot&) = delete;
  RocksDbSnapshot& operator=(const RocksDbSnapshot&) = delete;

  absl::StatusOr<absl::optional<std::string>> Get(
      absl::string_view partition, absl::string_view key) const override {
    return reader_.Get(partition, key);
  }
  std::unique_ptr<Cursor> Scan(absl::string_view partition,
                               const KeyRange& range) const override {
    return reader_.Scan(partition, range);
  }
  absl::StatusOr<std::vector<std::string>> ListPartitions(
      absl::string_view after, int limit) const override {
    return reader_.ListPartitions(after, limit);
  }

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* snapshot_;
  const RocksDbReader reader_;
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_ROCKSDB_READER_H_
