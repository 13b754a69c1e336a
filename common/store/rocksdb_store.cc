#include "common/store/rocksdb_store.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/bulk_load.h"
#include "common/store/commit_queue.h"
#include "common/store/deletion_guard.h"
#include "common/store/failure_latch.h"
#include "common/store/row.h"
#include "rocksdb/cache.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/options.h"
#include "rocksdb/table.h"
#include "rocksdb/write_batch.h"

namespace rollcall::store {
namespace {

// Where the store keeps what it knows of itself. No caller has this partition.
constexpr absl::string_view kMeta = "";
constexpr absl::string_view kOwner = "owner";
constexpr absl::string_view kFormatVersion = "format_version";
constexpr absl::string_view kIncarnation = "incarnation";
constexpr absl::string_view kEpoch = "epoch";

rocksdb::Slice ToSlice(absl::string_view text) {
  return {text.data(), text.size()};
}

absl::string_view ToView(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

absl::Status ReadError(const rocksdb::Status& error) {
  const std::string cause = error.ToString();
  if (error.IsCorruption()) {
    return DataLoss("STORE_DAMAGED",
                    absl::StrCat("The store is damaged: ", cause),
                    {{"cause", cause}});
  }
  return Unavailable("STORE_READ_FAILED",
                     absl::StrCat("Reading the store failed: ", cause),
                     {{"cause", cause}});
}

absl::Status CheckPartition(absl::string_view partition) {
  if (partition != kMeta) return absl::OkStatus();
  return InvalidArgument("STORE_PARTITION_INVALID",
                         "A partition has a name that is not empty.");
}

// --- Reading -----------------------------------------------------------------

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

// Reads the state of a snapshot, or the newest one without a snapshot.
class RocksDbReader : public Reader {
 public:
  RocksDbReader(rocksdb::DB& db, const rocksdb::Snapshot* snapshot) : db_(db) {
    options_.snapshot = snapshot;
    options_.verify_checksums = true;
  }

  absl::StatusOr<absl::optional<std::string>> Get(
      absl::string_view partition, absl::string_view key) const override {
    RETURN_IF_ERROR(CheckPartition(partition));
    return GetRow(RowKey(partition, key));
  }

  std::unique_ptr<Cursor> Scan(absl::string_view partition,
                               const KeyRange& range) const override {
    if (absl::Status status = CheckPartition(partition); !status.ok()) {
      return std::make_unique<FailedCursor>(std::move(status));
    }
    return std::make_unique<RocksDbCursor>(db_, options_, partition, range);
  }

  absl::StatusOr<std::vector<std::string>> ListPartitions(
      absl::string_view after, int limit) const override {
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

  // The value in the row of any partition, kMeta included.
  absl::StatusOr<absl::optional<std::string>> GetRow(
      absl::string_view row_key) const {
    rocksdb::PinnableSlice row_value;
    const rocksdb::Status status = db_.Get(options_, db_.DefaultColumnFamily(),
                                           ToSlice(row_key), &row_value);
    if (status.IsNotFound()) return absl::optional<std::string>();
    if (!status.ok()) return ReadError(status);
    ASSIGN_OR_RETURN(std::string value, ValueOfRow(row_key, ToView(row_value)));
    return absl::optional<std::string>(std::move(value));
  }

 private:
  rocksdb::DB& db_;
  rocksdb::ReadOptions options_;
};

class RocksDbSnapshot : public Reader {
 public:
  explicit RocksDbSnapshot(rocksdb::DB& db)
      : db_(db), snapshot_(db.GetSnapshot()), reader_(db, snapshot_) {}
  ~RocksDbSnapshot() override { db_.ReleaseSnapshot(snapshot_); }
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

// --- Writing -----------------------------------------------------------------

rocksdb::WriteOptions Synced() {
  rocksdb::WriteOptions options;
  // An acknowledged commit survives a power cut (invariant 1).
  options.sync = true;
  options.disableWAL = false;
  return options;
}

// Rows on their way to the disk; what is in here wins over what is there.
class PendingRows {
 public:
  void Add(const Batch& batch) {
    for (const Batch::Operation& operation : batch.operations()) {
      std::string row_key = RowKey(batch.partition(), operation.key);
      // Fails only where the batch has a size limit or timestamps; ours has
      // neither.
      const rocksdb::Status status =
          operation.value.has_value()
              ? rows_.Put(row_key, RowValue(row_key, *operation.value))
              : rows_.Delete(row_key);
      status.PermitUncheckedError();
      values_[std::move(row_key)] = &operation.value;
    }
  }

  // The pending value of a row, which is none if it is deleted; nullptr if no
  // change of it is pending.
  const absl::optional<std::string>* Find(const std::string& row_key) const {
    const auto found = values_.find(row_key);
    return found == values_.end() ? nullptr : found->second;
  }

  bool empty() const { return values_.empty(); }
  rocksdb::WriteBatch* rows() { return &rows_; }

 private:
  // RocksDB checks each row of a batch on its way through memory as well.
  static constexpr size_t kProtectionBytesPerKey = 8;
  rocksdb::WriteBatch rows_{/*reserved_bytes=*/0, /*max_bytes=*/0,
                            kProtectionBytesPerKey, /*default_cf_ts_sz=*/0};
  absl::flat_hash_map<std::string, const absl::optional<std::string>*> values_;
};

// Where the files of bulk loads are until they are done.
std::string BulkFolder(const RocksDbOptions& options) {
  return absl::StrCat(options.path, "/bulk");
}

// What the store knows of itself.
struct Meta {
  std::string incarnation;
  int64_t epoch = 0;
};

class RocksDbStore : public Store {
 public:
  RocksDbStore(RocksDbOptions options, std::unique_ptr<rocksdb::Env> owned_env,
               std::unique_ptr<rocksdb::Env> guarded_env,
               std::shared_ptr<FailureLatch> latch,
               std::unique_ptr<rocksdb::DB> db, Meta meta)
      : options_(std::move(options)),
        owned_env_(std::move(owned_env)),
        guarded_env_(std::move(guarded_env)),
        latch_(std::move(latch)),
        db_(std::move(db)),
        meta_(std::move(meta)),
        reader_(*db_, nullptr),
        queue_([this](const CommitQueue::Group& group) { Write(group); }) {}

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
  std::unique_ptr<Reader> Snapshot() const override {
    return std::make_unique<RocksDbSnapshot>(*db_);
  }
  const std::string& incarnation() const override { return meta_.incarnation; }
  int64_t epoch() const override { return meta_.epoch; }

  absl::Status Commit(const Batch& batch) override {
    RETURN_IF_ERROR(CheckPartition(batch.partition()));
    return queue_.Commit(batch);
  }

  std::unique_ptr<BulkLoader> BeginBulkLoad(
      absl::string_view partition) override {
    return std::make_unique<RocksDbBulkLoader>(BulkLoadOptions{
        .db = db_.get(),
        .env = options_.env,
        .latch = latch_.get(),
        .check_writable = [this] { return CheckWritable(); },
        .partition = std::string(partition),
        .folder = absl::StrCat(BulkFolder(options_), "/", ++bulk_loads_),
        .chunk_bytes = options_.bulk_chunk_bytes});
  }

 private:
  // Writes those of a group whose conditions hold, with one sync.
  void Write(const CommitQueue::Group& group) {
    if (absl::Status status = CheckWritable(); !status.ok()) {
      for (CommitQueue::Member* member : group) member->outcome = status;
      return;
    }
    PendingRows pending;
    for (CommitQueue::Member* member : group) {
      member->outcome = CheckConditions(member->batch, pending);
      if (member->outcome.ok()) pending.Add(member->batch);
    }
    if (pending.empty()) return;
    const rocksdb::Status status = db_->Write(Synced(), pending.rows());
    if (status.ok()) return;
    // Those that were refused may have been so because of rows that are now in
    // doubt, so that nothing is certain for them either.
    const absl::Status failure = latch_->Fail(status);
    for (CommitQueue::Member* member : group) member->outcome = failure;
  }

  absl::Status CheckWritable() const {
    RETURN_IF_ERROR(latch_->status());
    uint64_t free_bytes = 0;
    const rocksdb::IOStatus status =
        options_.env->GetFileSystem()->GetFreeSpace(
            options_.path, rocksdb::IOOptions(), &free_bytes, nullptr);
    if (status.IsNotSupported()) return absl::OkStatus();  // Memory.
    if (!status.ok()) return ReadError(status);
    if (free_bytes >= options_.min_free_bytes) return absl::OkStatus();
    return ResourceExhausted(
        "STORE_DISK_LOW",
        absl::StrCat("Only ", free_bytes, " bytes are free at ", options_.path,
                     "; nothing is written below ", options_.min_free_bytes,
                     "."),
        {{"free_bytes", absl::StrCat(free_bytes)},
         {"path", options_.path},
         {"min_free_bytes", absl::StrCat(options_.min_free_bytes)}});
  }

  absl::Status CheckConditions(const Batch& batch,
                               const PendingRows& pending) const {
    for (const Batch::Condition& condition : batch.conditions()) {
      const std::string row_key = RowKey(batch.partition(), condition.key);
      absl::optional<std::string> stored;
      const absl::optional<std::string>* value = pending.Find(row_key);
      if (value == nullptr) {
        ASSIGN_OR_RETURN(stored, reader_.GetRow(row_key));
        value = &stored;
      }
      if (*value != condition.value) {
        return Aborted("STORE_CONFLICT",
                       "Something else changed the same data at the same time; "
                       "read it again and retry.");
      }
    }
    return absl::OkStatus();
  }

  const RocksDbOptions options_;
  const std::unique_ptr<rocksdb::Env> owned_env_;  // Null if it is not ours.
  const std::unique_ptr<rocksdb::Env> guarded_env_;
  const std::shared_ptr<FailureLatch> latch_;  // RocksDB shares it.
  const std::unique_ptr<rocksdb::DB> db_;
  const Meta meta_;
  const RocksDbReader reader_;
  CommitQueue queue_;
  std::atomic<int> bulk_loads_{0};  // Names their folders.
};

// --- Opening -----------------------------------------------------------------

rocksdb::BlockBasedTableOptions TableOptions(const RocksDbOptions& options) {
  // Few and large: by default a small cache is cut into parts of 512 KiB, which
  // throw out what the next look needs.
  constexpr int kCacheShardBits = 2;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache =
      rocksdb::NewLRUCache(options.block_cache_bytes, kCacheShardBits);
  // Indexes and filters count against the cache too, so that memory has a bound
  // that does not grow with the store (invariant 29).
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  // In blocks, like the rows: as one piece for each file they have half a
  // megabyte, which a look at a single row would read anew all the time.
  table.index_type =
      rocksdb::BlockBasedTableOptions::IndexType::kTwoLevelIndexSearch;
  table.partition_filters = true;
  // Looks for keys that do not exist, as compare-and-set does all the time, are
  // answered without the disk in 99 of 100 cases.
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  return table;
}

// The settings of reliability.md B6, and a few for size.
rocksdb::Options EngineOptions(const RocksDbOptions& options, rocksdb::Env* env,
                               std::shared_ptr<FailureLatch> latch) {
  rocksdb::Options engine;
  engine.env = env;
  engine.create_if_missing = true;
  engine.listeners.push_back(std::move(latch));

  // Refuses a log with damage in its middle; the default would drop what lies
  // behind it and say OK (finding 4). A torn last record, which a crash leaves
  // and nobody was told of, is still accepted.
  engine.wal_recovery_mode =
      rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // Notices closed logs that vanished or became shorter.
  engine.track_and_verify_wals_in_manifest = true;
  // Notices table files that were swapped.
  engine.verify_sst_unique_id_in_manifest = true;
  // Damage that is met anywhere is an error, not a shorter answer.
  engine.paranoid_checks = true;
  // Every write goes to the log before it is acknowledged.
  engine.manual_wal_flush = false;
  // Crash-only: a failed store is opened anew, never resumed (finding 2).
  engine.max_bgerror_resume_count = 0;

  // Five stores share a small machine.
  engine.write_buffer_size = options.write_buffer_bytes;
  engine.max_write_buffer_number = 2;
  // The same filter for rows in memory, in a fiftieth of it.
  engine.memtable_whole_key_filtering = true;
  engine.memtable_prefix_bloom_size_ratio = 0.02;
  engine.max_background_jobs = 2;
  engine.max_open_files = 256;
  engine.compression = rocksdb::kLZ4Compression;
  engine.table_factory.reset(
      rocksdb::NewBlockBasedTableFactory(TableOptions(options)));
  // Writes dirty pages out bit by bit instead of in one stall at the end.
  engine.bytes_per_sync = 1 << 20;

  // RocksDB's own diary, for post-mortems.
  engine.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  engine.max_log_file_size = 1 << 20;
  engine.keep_log_file_num = 4;
  return engine;
}

absl::Status Damaged(const RocksDbOptions& options, absl::string_view cause) {
  return DataLoss(
      "STORE_DAMAGED",
      absl::StrCat("The store at ", options.path, " is damaged: ", cause),
      {{"path", options.path}, {"cause", std::string(cause)}});
}

// The file that RocksDB begins to read at.
bool HasCurrent(const RocksDbOptions& options) {
  return options.env->FileExists(options.path + "/CURRENT").ok();
}

absl::Status OpenError(const RocksDbOptions& options,
                       const rocksdb::Status& error) {
  const std::string cause = error.ToString();
  // A path that is missing is damage if the store begins there.
  if (error.IsCorruption() || (error.IsPathNotFound() && HasCurrent(options))) {
    return Damaged(options, cause);
  }
  // "While lock file: ..." from another process, "lock hold by current process"
  // from this one.
  if (error.IsIOError() && (absl::StrContains(cause, "While lock file") ||
                            absl::StrContains(cause, "lock hold by"))) {
    return Unavailable("STORE_LOCKED",
                       absl::StrCat("Another process has the store at ",
                                    options.path, " open."),
                       {{"path", options.path}});
  }
  return Unavailable(
      "STORE_OPEN_FAILED",
      absl::StrCat("The store at ", options.path, " cannot be opened: ", cause),
      {{"path", options.path}, {"cause", cause}});
}

// Refuses a directory that holds data of RocksDB but not the file that it
// begins to read at: RocksDB would create an empty store in its place.
absl::Status CheckNotHeadless(const RocksDbOptions& options) {
  std::vector<std::string> names;
  const rocksdb::Status status = options.env->GetChildren(options.path, &names);
  if (status.IsNotFound() || status.IsPathNotFound()) return absl::OkStatus();
  if (!status.ok()) return OpenError(options, status);
  const auto is_data = [](const std::string& name) {
    return absl::EndsWith(name, ".log") || absl::EndsWith(name, ".sst");
  };
  if (HasCurrent(options) ||
      std::none_of(names.begin(), names.end(), is_data)) {
    return absl::OkStatus();
  }
  return Damaged(options, "its file CURRENT is missing");
}

// Begins the history of a new store.
absl::Status Initialize(const RocksDbOptions& options, rocksdb::DB& db) {
  const std::unique_ptr<rocksdb::Iterator> rows(
      db.NewIterator(rocksdb::ReadOptions()));
  rows->SeekToFirst();
  if (!rows->status().ok()) return ReadError(rows->status());
  if (rows->Valid()) {
    return Damaged(options, "it has rows, but does not say whose");
  }
  const std::pair<absl::string_view, std::string> meta[] = {
      {kOwner, options.owner},
      {kFormatVersion, absl::StrCat(options.format_version)},
      {kIncarnation, rocksdb::Env::Default()->GenerateUniqueId()},
      {kEpoch, "0"},
  };
  rocksdb::WriteBatch batch;
  for (const auto& [key, value] : meta) {
    const std::string row_key = RowKey(kMeta, key);
    const rocksdb::Status status = batch.Put(row_key, RowValue(row_key, value));
    if (!status.ok()) return OpenError(options, status);
  }
  const rocksdb::Status status = db.Write(Synced(), &batch);
  return status.ok() ? absl::OkStatus() : OpenError(options, status);
}

absl::StatusOr<std::string> GetMeta(const RocksDbReader& reader,
                                    absl::string_view key) {
  ASSIGN_OR_RETURN(absl::optional<std::string> value,
                   reader.GetRow(RowKey(kMeta, key)));
  if (!value.has_value()) {
    return DataLoss("STORE_DAMAGED",
                    absl::StrCat("The store does not say its ", key, "."),
                    {{"row", std::string(key)}});
  }
  return *std::move(value);
}

// FAILED_PRECONDITION unless the store says `expected` of itself.
absl::Status CheckMeta(const RocksDbOptions& options,
                       const RocksDbReader& reader, absl::string_view key,
                       const std::string& expected, absl::string_view reason) {
  ASSIGN_OR_RETURN(const std::string found, GetMeta(reader, key));
  if (found == expected) return absl::OkStatus();
  return FailedPrecondition(
      reason,
      absl::StrCat("The store at ", options.path, " has the ", key, " ", found,
                   "; this program needs ", expected, "."),
      {{"path", options.path}, {"found", found}, {"expected", expected}});
}

// Takes the next epoch, after checking that the store is this owner's.
absl::StatusOr<Meta> BeginEpoch(const RocksDbOptions& options,
                                rocksdb::DB& db) {
  const RocksDbReader reader(db, nullptr);
  ASSIGN_OR_RETURN(const auto owner, reader.GetRow(RowKey(kMeta, kOwner)));
  if (!owner.has_value()) RETURN_IF_ERROR(Initialize(options, db));

  RETURN_IF_ERROR(CheckMeta(options, reader, kOwner, options.owner,
                            "STORE_OWNER_MISMATCH"));
  RETURN_IF_ERROR(CheckMeta(options, reader, kFormatVersion,
                            absl::StrCat(options.format_version),
                            "STORE_FORMAT_MISMATCH"));
  Meta meta;
  ASSIGN_OR_RETURN(meta.incarnation, GetMeta(reader, kIncarnation));
  ASSIGN_OR_RETURN(const std::string epoch, GetMeta(reader, kEpoch));
  if (!absl::SimpleAtoi(epoch, &meta.epoch)) {
    return DataLoss("STORE_DAMAGED",
                    absl::StrCat("The store's epoch is ", epoch, "."),
                    {{"epoch", epoch}});
  }
  ++meta.epoch;
  const std::string row_key = RowKey(kMeta, kEpoch);
  const rocksdb::Status status =
      db.Put(Synced(), row_key, RowValue(row_key, absl::StrCat(meta.epoch)));
  if (!status.ok()) return OpenError(options, status);
  return meta;
}

absl::StatusOr<std::unique_ptr<Store>> Open(
    RocksDbOptions options, std::unique_ptr<rocksdb::Env> owned_env) {
  RETURN_IF_ERROR(CheckNotHeadless(options));
  auto latch = std::make_shared<FailureLatch>();
  std::unique_ptr<rocksdb::Env> guarded_env = rocksdb::NewCompositeEnv(
      std::make_shared<DeletionGuard>(options.env->GetFileSystem(), latch));
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(
      EngineOptions(options, guarded_env.get(), latch), options.path, &opened);
  std::unique_ptr<rocksdb::DB> db(opened);
  if (!status.ok()) return OpenError(options, status);
  // Nobody else is here any more: the store is locked.
  const rocksdb::Status removed =
      RemoveBulkLeftovers(*options.env, BulkFolder(options));
  if (!removed.ok()) return OpenError(options, removed);
  ASSIGN_OR_RETURN(Meta meta, BeginEpoch(options, *db));
  RETURN_IF_ERROR(latch->Arm(options.on_failure));
  return std::make_unique<RocksDbStore>(
      std::move(options), std::move(owned_env), std::move(guarded_env),
      std::move(latch), std::move(db), std::move(meta));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenRocksDb(RocksDbOptions options) {
  if (options.env == nullptr) options.env = rocksdb::Env::Default();
  return Open(std::move(options), nullptr);
}

absl::StatusOr<std::unique_ptr<Store>> OpenInMemory() {
  std::unique_ptr<rocksdb::Env> env(
      rocksdb::NewMemEnv(rocksdb::Env::Default()));
  RocksDbOptions options;
  options.path = "/memory";
  options.owner = "memory";
  options.env = env.get();
  return Open(std::move(options), std::move(env));
}

}  // namespace rollcall::store
