#include "common/store/engine.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "rocksdb/cache.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"

namespace rollcall::store {
namespace {

rocksdb::BlockBasedTableOptions TableOptions(size_t block_cache_bytes) {
  // Few and large: by default a small cache is cut into parts of 512 KiB, which
  // throw out what the next look needs.
  constexpr int kCacheShardBits = 2;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(block_cache_bytes, kCacheShardBits);
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

// The file that RocksDB begins to read at.
bool HasCurrent(rocksdb::Env& env, const std::string& path) {
  return env.FileExists(path + "/CURRENT").ok();
}

}  // namespace

rocksdb::Options EngineOptions(rocksdb::Env* env, const EngineMemory& memory) {
  rocksdb::Options engine;
  engine.env = env;

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
  engine.write_buffer_size = memory.write_buffer_bytes;
  engine.max_write_buffer_number = 2;
  // The same filter for rows in memory, in a fiftieth of it.
  engine.memtable_whole_key_filtering = true;
  engine.memtable_prefix_bloom_size_ratio = 0.02;
  engine.max_background_jobs = 2;
  // A large batch brings a few small files of rows whose keys are scattered
  // (batch_tables.h). To merge those of some batches at once saves most of the
  // merging, and the filters keep looks at so many files cheap.
  engine.level0_file_num_compaction_trigger = 24;
  engine.level0_slowdown_writes_trigger = 48;
  engine.level0_stop_writes_trigger = 72;
  engine.max_open_files = 256;
  engine.compression = rocksdb::kLZ4Compression;
  engine.table_factory.reset(rocksdb::NewBlockBasedTableFactory(
      TableOptions(memory.block_cache_bytes)));
  // Writes dirty pages out bit by bit instead of in one stall at the end.
  engine.bytes_per_sync = 1 << 20;

  // RocksDB's own diary, for post-mortems.
  engine.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  engine.max_log_file_size = 1 << 20;
  engine.keep_log_file_num = 4;
  return engine;
}

rocksdb::WriteOptions Synced() {
  rocksdb::WriteOptions options;
  options.sync = true;
  options.disableWAL = false;
  return options;
}

absl::Status CheckHasCurrent(rocksdb::Env& env, const std::string& path) {
  if (HasCurrent(env, path)) return absl::OkStatus();
  return Damaged(path, "its file CURRENT is missing");
}

absl::Status CheckNotHeadless(rocksdb::Env& env, const std::string& path) {
  std::vector<std::string> names;
  const rocksdb::Status status = env.GetChildren(path, &names);
  if (status.IsNotFound() || status.IsPathNotFound()) return absl::OkStatus();
  if (!status.ok()) return OpenError(env, path, status);
  const auto is_data = [](const std::string& name) {
    return absl::EndsWith(name, ".log") || absl::EndsWith(name, ".sst");
  };
  if (std::none_of(names.begin(), names.end(), is_data)) {
    return absl::OkStatus();
  }
  return CheckHasCurrent(env, path);
}

absl::Status Damaged(const std::string& path, absl::string_view cause) {
  return DataLoss("STORE_DAMAGED",
                  absl::StrCat("The store at ", path, " is damaged: ", cause),
                  {{"path", path}, {"cause", std::string(cause)}});
}

absl::Status OpenError(rocksdb::Env& env, const std::string& path,
                       const rocksdb::Status& error) {
  const std::string cause = error.ToString();
  // A path that is missing is damage if the store begins there.
  if (error.IsCorruption() ||
      (error.IsPathNotFound() && HasCurrent(env, path))) {
    return Damaged(path, cause);
  }
  // "While lock file: ..." from another process, "lock hold by current process"
  // from this one.
  if (error.IsIOError() && (absl::StrContains(cause, "While lock file") ||
                            absl::StrContains(cause, "lock hold by"))) {
    return Unavailable(
        "STORE_LOCKED",
        absl::StrCat("Another process has the store at ", path, " open."),
        {{"path", path}});
  }
  return Unavailable(
      "STORE_OPEN_FAILED",
      absl::StrCat("The store at ", path, " cannot be opened: ", cause),
      {{"path", path}, {"cause", cause}});
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

}  // namespace rollcall::store
