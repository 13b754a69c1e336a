#include "common/store/rocksdb_store.h"

#include <atomic>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/batch_tables.h"
#include "common/store/bulk_folder.h"
#include "common/store/bulk_load.h"
#include "common/store/checkpoint.h"
#include "common/store/commit_queue.h"
#include "common/store/deletion_guard.h"
#include "common/store/engine.h"
#include "common/store/failure_latch.h"
#include "common/store/rocksdb_reader.h"
#include "common/store/row.h"
#include "common/store/store_identity.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/utilities/checkpoint.h"
#include "rocksdb/write_batch.h"

namespace rollcall::store {
namespace {

// --- Writing -----------------------------------------------------------------

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

// Where the files of bulk loads and large batches are until they are done.
std::string BulkFolder(const RocksDbOptions& options) {
  return absl::StrCat(options.path, "/bulk");
}

class OpenStore : public RocksDbStore {
 public:
  OpenStore(RocksDbOptions options, std::unique_ptr<rocksdb::Env> owned_env,
            std::unique_ptr<rocksdb::Env> guarded_env,
            std::shared_ptr<FailureLatch> latch,
            std::unique_ptr<rocksdb::DB> db, StoreIdentity identity)
      : options_(std::move(options)),
        owned_env_(std::move(owned_env)),
        guarded_env_(std::move(guarded_env)),
        latch_(std::move(latch)),
        db_(std::move(db)),
        identity_(std::move(identity)),
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
  const std::string& incarnation() const override {
    return identity_.incarnation;
  }
  int64_t epoch() const override { return identity_.epoch; }

  absl::Status Commit(const Batch& batch) override {
    RETURN_IF_ERROR(CheckPartition(batch.partition()));
    if (batch.byte_size() < options_.table_commit_bytes) {
      return queue_.Commit(batch);
    }
    RETURN_IF_ERROR(CheckWritable());
    BatchTables tables(*db_, *options_.env, NextBulkFolder(), batch);
    if (const rocksdb::Status status = tables.Write(); !status.ok()) {
      return latch_->Fail(status);
    }
    return queue_.Commit(batch, &tables);
  }

  std::unique_ptr<BulkLoader> BeginBulkLoad(
      absl::string_view partition) override {
    return std::make_unique<RocksDbBulkLoader>(
        BulkLoadOptions{.db = db_.get(),
                        .env = options_.env,
                        .latch = latch_.get(),
                        .check_writable = [this] { return CheckWritable(); },
                        .partition = std::string(partition),
                        .folder = NextBulkFolder(),
                        .chunk_bytes = options_.bulk_chunk_bytes});
  }

  absl::Status Checkpoint(const std::string& folder) override {
    // Old files live on in it, so that it takes space.
    RETURN_IF_ERROR(CheckWritable());
    rocksdb::Checkpoint* created = nullptr;
    rocksdb::Status status = rocksdb::Checkpoint::Create(db_.get(), &created);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(created);
    if (status.ok()) status = checkpoint->CreateCheckpoint(folder);
    if (status.ok()) return MarkCheckpoint(*options_.env, folder, identity_);
    // What ended the store, if anything, its latch has heard of.
    return Unavailable(
        "STORE_CHECKPOINT_FAILED",
        absl::StrCat("The store at ", options_.path, " cannot be copied to ",
                     folder, ": ", status.ToString()),
        {{"path", options_.path},
         {"folder", folder},
         {"cause", status.ToString()}});
  }

 private:
  // Writes those of a group whose conditions hold, with one sync.
  void Write(const CommitQueue::Group& group) {
    if (absl::Status status = CheckWritable(); !status.ok()) {
      for (CommitQueue::Member* member : group) member->outcome = status;
      return;
    }
    if (group.front()->tables != nullptr) return WriteTables(*group.front());
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

  void WriteTables(CommitQueue::Member& member) {
    member.outcome = CheckConditions(member.batch, PendingRows());
    if (!member.outcome.ok()) return;
    const rocksdb::Status status = member.tables->HandOver();
    if (!status.ok()) member.outcome = latch_->Fail(status);
  }

  std::string NextBulkFolder() {
    return absl::StrCat(BulkFolder(options_), "/", ++bulk_folders_);
  }

  absl::Status CheckWritable() const {
    RETURN_IF_ERROR(latch_->status());
    if (options_.min_free_bytes == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(const DiskSpace space, options_.disk_space(options_.path));
    return CheckDiskSpace(space,
                          {.min_free_bytes = options_.min_free_bytes,
                           .min_free_percent = options_.min_free_percent},
                          options_.path);
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
  const StoreIdentity identity_;
  const RocksDbReader reader_;
  CommitQueue queue_;
  std::atomic<int> bulk_folders_{0};  // Names them.
};

// --- Opening -----------------------------------------------------------------

// FAILED_PRECONDITION unless the store says what is expected.
absl::Status CheckIs(const RocksDbOptions& options, absl::string_view what,
                     const std::string& found, const std::string& expected,
                     absl::string_view reason) {
  if (found == expected) return absl::OkStatus();
  return FailedPrecondition(
      reason,
      absl::StrCat("The store at ", options.path, " has the ", what, " ", found,
                   "; this program needs ", expected, "."),
      {{"path", options.path}, {"found", found}, {"expected", expected}});
}

// Takes the next epoch, after checking that the store is this owner's. One
// batch each time: a new store is whole from its first row on.
absl::StatusOr<StoreIdentity> BeginEpoch(const RocksDbOptions& options,
                                         rocksdb::DB& db) {
  const std::string version = absl::StrCat(options.format_version);
  ASSIGN_OR_RETURN(absl::optional<StoreIdentity> identity,
                   FindIdentity(db, options.path));
  if (!identity.has_value()) {
    identity = StoreIdentity{.owner = options.owner,
                             .format_version = version,
                             .incarnation = DrawIncarnation(*options.env, "")};
  }
  RETURN_IF_ERROR(CheckIs(options, "owner", identity->owner, options.owner,
                          "STORE_OWNER_MISMATCH"));
  RETURN_IF_ERROR(CheckIs(options, "format_version", identity->format_version,
                          version, "STORE_FORMAT_MISMATCH"));
  ++identity->epoch;
  RETURN_IF_ERROR(SaveIdentity(db, options.path, *identity));
  return *std::move(identity);
}

absl::StatusOr<std::unique_ptr<RocksDbStore>> Open(
    RocksDbOptions options, std::unique_ptr<rocksdb::Env> owned_env) {
  rocksdb::Env& env = *options.env;
  RETURN_IF_ERROR(CheckNotHeadless(env, options.path));
  RETURN_IF_ERROR(CheckNoCheckpoint(env, options.path));
  auto latch = std::make_shared<FailureLatch>();
  std::unique_ptr<rocksdb::Env> guarded_env = rocksdb::NewCompositeEnv(
      std::make_shared<DeletionGuard>(env.GetFileSystem(), latch));
  rocksdb::Options engine = EngineOptions(
      guarded_env.get(), {.block_cache_bytes = options.block_cache_bytes,
                          .write_buffer_bytes = options.write_buffer_bytes});
  engine.create_if_missing = true;
  engine.listeners.push_back(latch);
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(engine, options.path, &opened);
  std::unique_ptr<rocksdb::DB> db(opened);
  if (!status.ok()) return OpenError(env, options.path, status);
  // Nobody else is here any more: the store is locked.
  const rocksdb::Status removed = RemoveBulkLeftovers(env, BulkFolder(options));
  if (!removed.ok()) return OpenError(env, options.path, removed);
  ASSIGN_OR_RETURN(StoreIdentity identity, BeginEpoch(options, *db));
  RETURN_IF_ERROR(latch->Arm(options.on_failure));
  return std::make_unique<OpenStore>(std::move(options), std::move(owned_env),
                                     std::move(guarded_env), std::move(latch),
                                     std::move(db), std::move(identity));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RocksDbStore>> OpenRocksDb(
    RocksDbOptions options) {
  if (options.env == nullptr) options.env = rocksdb::Env::Default();
  if (!options.disk_space) options.disk_space = ReadDiskSpace;
  return Open(std::move(options), nullptr);
}

absl::StatusOr<std::unique_ptr<Store>> OpenInMemory() {
  std::unique_ptr<rocksdb::Env> env(
      rocksdb::NewMemEnv(rocksdb::Env::Default()));
  RocksDbOptions options;
  options.path = "/memory";
  options.owner = "memory";
  options.min_free_bytes = 0;
  options.env = env.get();
  return Open(std::move(options), std::move(env));
}

}  // namespace rollcall::store
