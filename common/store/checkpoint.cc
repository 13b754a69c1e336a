#include "common/store/checkpoint.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/engine.h"
#include "common/store/row.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/rate_limiter.h"

namespace rollcall::store {
namespace {

// Enough for the indexes on the way from the first row to the last.
constexpr EngineMemory kMemory = {.block_cache_bytes = size_t{2} << 20};

constexpr int kRowsBetweenQuestions = 256;

std::string MarkOf(const std::string& folder) {
  return absl::StrCat(folder, "/", kCheckpointMark);
}

rocksdb::Options ReadingOptions(rocksdb::Env* env,
                                int64_t max_bytes_per_second) {
  rocksdb::Options engine = EngineOptions(env, kMemory);
  if (max_bytes_per_second > 0) {
    constexpr int64_t kRefillMicros = 100'000;
    constexpr int32_t kFairness = 10;
    engine.rate_limiter.reset(rocksdb::NewGenericRateLimiter(
        max_bytes_per_second, kRefillMicros, kFairness,
        rocksdb::RateLimiter::Mode::kReadsOnly));
  }
  return engine;
}

absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenToRead(
    const rocksdb::Options& engine, const std::string& path) {
  RETURN_IF_ERROR(CheckHasCurrent(*engine.env, path));
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(engine, path, &opened);
  std::unique_ptr<rocksdb::DB> db(opened);
  if (!status.ok()) return OpenError(*engine.env, path, status);
  return db;
}

}  // namespace

absl::Status MarkCheckpoint(rocksdb::Env& env, const std::string& folder,
                            const StoreIdentity& identity) {
  const std::string text = absl::StrCat(
      "A checkpoint of the store of ", identity.owner, ", incarnation ",
      identity.incarnation,
      ".\nIt is no store: deploy/restore_store makes one of it.\n");
  rocksdb::Status status = rocksdb::WriteStringToFile(
      &env, text, MarkOf(folder), /*should_sync=*/true);
  std::unique_ptr<rocksdb::Directory> directory;
  if (status.ok()) status = env.NewDirectory(folder, &directory);
  if (status.ok()) status = directory->Fsync();
  if (status.ok()) return absl::OkStatus();
  return Unavailable(
      "STORE_CHECKPOINT_FAILED",
      absl::StrCat("The copy at ", folder,
                   " cannot be marked as one: ", status.ToString()),
      {{"folder", folder}, {"cause", status.ToString()}});
}

absl::Status CheckNoCheckpoint(rocksdb::Env& env, const std::string& path) {
  if (!env.FileExists(MarkOf(path)).ok()) return absl::OkStatus();
  return FailedPrecondition(
      "STORE_IS_CHECKPOINT",
      absl::StrCat("At ", path,
                   " is the checkpoint of a store; deploy/restore_store makes "
                   "a store of it."),
      {{"path", path}});
}

absl::StatusOr<CopyFacts> VerifyCopy(const VerifyOptions& options) {
  rocksdb::Env* env =
      options.env == nullptr ? rocksdb::Env::Default() : options.env;
  ASSIGN_OR_RETURN(const std::unique_ptr<rocksdb::DB> db,
                   OpenToRead(ReadingOptions(env, options.max_bytes_per_second),
                              options.path));
  CopyFacts facts;
  ASSIGN_OR_RETURN(facts.identity, ReadIdentity(*db, options.path));

  rocksdb::ReadOptions reading;
  reading.verify_checksums = true;
  reading.fill_cache = false;
  if (options.max_bytes_per_second > 0) {
    reading.rate_limiter_priority = rocksdb::Env::IO_LOW;
  }
  const std::unique_ptr<rocksdb::Iterator> rows(db->NewIterator(reading));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    RETURN_IF_ERROR(
        ValueOfRow(ToView(rows->key()), ToView(rows->value())).status());
    ++facts.rows;
    facts.bytes +=
        static_cast<int64_t>(rows->key().size() + rows->value().size());
    if (facts.rows % kRowsBetweenQuestions == 0 && options.is_stopping &&
        options.is_stopping()) {
      return Cancelled("STORE_VERIFY_STOPPED",
                       "The copy was not read to its end.");
    }
  }
  // An iterator that meets damage looks like one at its end (finding 6).
  if (!rows->status().ok()) return ReadError(rows->status());
  return facts;
}

}  // namespace rollcall::store
