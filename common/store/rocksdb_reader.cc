#include "common/store/rocksdb_reader.h"

#include <utility>

#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/engine.h"
#include "common/store/row.h"

namespace rollcall::store {
namespace {

class FailedCursor : public Cursor {
 public:
  explicit FailedCursor(absl::Status error) : error_(std::move(error)) {}
  absl::StatusOr<absl::optional<Entry>> Next() override { return error_; }

 private:
  const absl::Status error_;
};

class RocksDbCursor : public Cursor {
 public:
  RocksDbCursor(rocksdb::DB& db, rocksdb::ReadOptions options,
                absl::string_view partition, const KeyRange& range)
      : prefix_size_(RowPrefix(partition).size()),
        begin_(RowKey(partition, range.begin)),
        end_(range.end.empty() ? KeyRange::Prefix(RowPrefix(partition)).end
                               : RowKey(partition, range.end)),
        end_slice_(end_) {
    if (begin_ >= end_) {
      at_end_ = true;
      return;
    }
    options.iterate_upper_bound = &end_slice_;
    iterator_.reset(db.NewIterator(options));
  }

  absl::StatusOr<absl::optional<Entry>> Next() override {
    RETURN_IF_ERROR(error_);
    if (at_end_) return absl::optional<Entry>();
    Advance();
    if (!iterator_->Valid()) return Finish();
    absl::StatusOr<std::string> value =
        ValueOfRow(ToView(iterator_->key()), ToView(iterator_->value()));
    if (!value.ok()) return error_ = value.status();
    return absl::optional<Entry>(
        {.key = std::string(ToView(iterator_->key()).substr(prefix_size_)),
         .value = *std::move(value)});
  }

 private:
  void Advance() {
    if (begun_) {
      iterator_->Next();
    } else {
      iterator_->Seek(begin_);
    }
    begun_ = true;
  }

  // An iterator that meets damage looks like one at its end; only its status
  // tells them apart (reliability finding 6).
  absl::StatusOr<absl::optional<Entry>> Finish() {
    if (!iterator_->status().ok()) {
      return error_ = ReadError(iterator_->status());
    }
    at_end_ = true;
    return absl::optional<Entry>();
  }

  const size_t prefix_size_;
  const std::string begin_;
  const std::string end_;
  const rocksdb::Slice end_slice_;  // The iterator keeps a pointer to it.
  std::unique_ptr<rocksdb::Iterator> iterator_;
  bool begun_ = false;
  bool at_end_ = false;
  absl::Status error_;
};

}  // namespace

absl::Status CheckPartition(absl::string_view partition) {
  if (partition != kMeta) return absl::OkStatus();
  return InvalidArgument("STORE_PARTITION_INVALID",
                         "A partition has a name that is not empty.");
}

RocksDbReader::RocksDbReader(rocksdb::DB& db, const rocksdb::Snapshot* snapshot)
    : db_(db) {
  options_.snapshot = snapshot;
  options_.verify_checksums = true;
}

absl::StatusOr<absl::optional<std::string>> RocksDbReader::Get(
    absl::string_view partition, absl::string_view key) const {
  RETURN_IF_ERROR(CheckPartition(partition));
  return GetRow(RowKey(partition, key));
}

std::unique_ptr<Cursor> RocksDbReader::Scan(absl::string_view partition,
                                            const KeyRange& range) const {
  if (absl::Status status = CheckPartition(partition); !status.ok()) {
    return std::make_unique<FailedCursor>(std::move(status));
  }
  return std::make_unique<RocksDbCursor>(db_, options_, partition, range);
}

absl::StatusOr<std::vector<std::string>> RocksDbReader::ListPartitions(
    absl::string_view after, int limit) const {
  std::vector<std::string> partitions;
  const std::unique_ptr<rocksdb::Iterator> rows(db_.NewIterator(options_));
  // From each partition to the first row past it. "" is kMeta.
  rows->Seek(KeyRange::Prefix(RowPrefix(after)).end);
  while (rows->Valid() && static_cast<int>(partitions.size()) < limit) {
    ASSIGN_OR_RETURN(std::string partition,
                     PartitionOfRow(ToView(rows->key())));
    rows->Seek(KeyRange::Prefix(RowPrefix(partition)).end);
    if (partition != kInstallation) {
      partitions.push_back(std::move(partition));
    }
  }
  if (!rows->status().ok()) return ReadError(rows->status());
  return partitions;
}

absl::StatusOr<absl::optional<std::string>> RocksDbReader::GetRow(
    absl::string_view row_key) const {
  rocksdb::PinnableSlice row_value;
  const rocksdb::Status status = db_.Get(options_, db_.DefaultColumnFamily(),
                                         ToSlice(row_key), &row_value);
  if (status.IsNotFound()) return absl::optional<std::string>();
  if (!status.ok()) return ReadError(status);
  ASSIGN_OR_RETURN(std::string value, ValueOfRow(row_key, ToView(row_value)));
  return absl::optional<std::string>(std::move(value));
}

RocksDbSnapshot::RocksDbSnapshot(rocksdb::DB& db)
    : db_(db), snapshot_(db.GetSnapshot()), reader_(db, snapshot_) {}

RocksDbSnapshot::~RocksDbSnapshot() { db_.ReleaseSnapshot(snapshot_); }

}  // namespace rollcall::store
