#include "common/store/bulk_load.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/bulk_folder.h"
#include "common/store/row.h"
#include "common/store/row_merge.h"
#include "common/store/row_spool.h"
#include "rocksdb/options.h"
#include "rocksdb/sst_file_writer.h"

namespace rollcall::store {
namespace {

constexpr uint64_t kTableFileBytes = uint64_t{64} << 20;
// So much less is written to files and read again.
constexpr size_t kRunsInMemory = 3;
constexpr size_t kManyRows = 4'000;
// Some hundred rows of users.
constexpr size_t kIntakeBytes = size_t{64} << 10;

rocksdb::Slice ToSlice(absl::string_view text) {
  return {text.data(), text.size()};
}

// Writes rows that come in order to as few files as makes sense.
class TableFiles {
 public:
  TableFiles(const rocksdb::Options& options, size_t prefix_size,
             absl::string_view path)
      : options_(options), prefix_size_(prefix_size), path_(path) {}

  rocksdb::Status Put(absl::string_view row_key, absl::string_view row_value) {
    rocksdb::Status status;
    if (writer_ != nullptr &&
        (TableOf(row_key) != table_ || writer_->FileSize() > kTableFileBytes)) {
      status = Finish();
    }
    if (status.ok() && writer_ == nullptr) status = Open(row_key);
    if (!status.ok()) return status;
    return writer_->Put(ToSlice(row_key), ToSlice(row_value));
  }

  // Syncs what is written to the disk.
  rocksdb::Status Finish() {
    if (writer_ == nullptr) return rocksdb::Status::OK();
    return std::exchange(writer_, nullptr)->Finish();
  }

  std::vector<std::string> TakePaths() { return std::move(paths_); }

 private:
  // The first part of the key, as `key.h` encodes it. A file that reached from
  // one table into another would enclose the rows of those in between, and
  // could not go below them.
  absl::string_view TableOf(absl::string_view row_key) const {
    const absl::string_view key = row_key.substr(prefix_size_);
    const size_t end = key.find(absl::string_view("\0\x01", 2));
    return end == absl::string_view::npos ? "" : key.substr(0, end);
  }

  rocksdb::Status Open(absl::string_view row_key) {
    table_ = std::string(TableOf(row_key));
    paths_.push_back(absl::StrCat(path_, paths_.size(), ".sst"));
    // What was written is about to be read.
    constexpr bool kForgetPages = false;
    writer_ = std::make_unique<rocksdb::SstFileWriter>(
        rocksdb::EnvOptions(), options_, /*column_family=*/nullptr,
        kForgetPages);
    return writer_->Open(paths_.back());
  }

  const rocksdb::Options& options_;
  const size_t prefix_size_;
  const std::string path_;  // What those of the files begin with.
  std::unique_ptr<rocksdb::SstFileWriter> writer_;
  std::string table_;
  std::vector<std::string> paths_;
};

absl::Status AlreadyFinished() {
  return FailedPrecondition("STORE_LOAD_FINISHED",
                            "These rows have been written already.");
}

absl::Status KeyTwice() {
  return InvalidArgument("STORE_KEY_TWICE",
                         "Rows to be written at once have the same key twice.");
}

}  // namespace

RocksDbBulkLoader::RocksDbBulkLoader(BulkLoadOptions options)
    : options_(std::move(options)),
      row_prefix_(RowPrefix(options_.partition)) {}

RocksDbBulkLoader::~RocksDbBulkLoader() {
  // What cannot be removed is found at the next opening.
  RemoveBulkFolder(*options_.env, options_.folder).PermitUncheckedError();
}

absl::Status RocksDbBulkLoader::CheckPartition() const {
  if (!options_.partition.empty()) return absl::OkStatus();
  return InvalidArgument("STORE_PARTITION_INVALID",
                         "A partition has a name that is not empty.");
}

absl::Status RocksDbBulkLoader::Add(absl::string_view key,
                                    absl::string_view value) {
  RETURN_IF_ERROR(CheckPartition());
  Intake& intake = MyIntake();
  absl::MutexLock lock(&intake.mutex);
  if (intake.closed) return AlreadyFinished();
  intake.rows.Add(row_prefix_, key, value);
  if (intake.rows.byte_size() < std::min(kIntakeBytes, options_.chunk_bytes)) {
    return absl::OkStatus();
  }
  const absl::Status status = Take(intake.rows);
  intake.rows.Clear();
  return status;
}

RocksDbBulkLoader::Intake& RocksDbBulkLoader::MyIntake() {
  static std::atomic<size_t> threads{0};
  thread_local const size_t number = threads++;
  return intakes_[number % intakes_.size()];
}

absl::Status RocksDbBulkLoader::Take(const RowChunk& rows) {
  RowChunk full;
  {
    absl::MutexLock lock(&mutex_);
    RETURN_IF_ERROR(status_);
    if (chunk_.row_count() == 0) chunk_.Reserve(options_.chunk_bytes);
    chunk_.AddAll(rows);
    if (!IsFull()) return absl::OkStatus();
    mutex_.Await(absl::Condition(this, &RocksDbBulkLoader::MaySpool));
    if (!IsFull()) return status_;  // Another thread took it.
    full = std::exchange(chunk_, std::exchange(spare_, RowChunk()));
    ++spooling_;
  }
  const absl::Status status = PutAside(full);
  full.Clear();
  absl::MutexLock lock(&mutex_);
  --spooling_;
  spare_ = std::move(full);
  status_.Update(status);
  return status;
}

absl::Status RocksDbBulkLoader::CloseIntakes() {
  for (Intake& intake : intakes_) {
    absl::MutexLock lock(&intake.mutex);
    if (std::exchange(intake.closed, true)) return AlreadyFinished();
    if (intake.rows.row_count() > 0) RETURN_IF_ERROR(Take(intake.rows));
    intake.rows = RowChunk();
  }
  return absl::OkStatus();
}

absl::Status RocksDbBulkLoader::PutAside(RowChunk& chunk) {
  RETURN_IF_ERROR(options_.check_writable());
  chunk.Sort();
  Run run;
  {
    absl::MutexLock lock(&mutex_);
    if (split_key_.empty()) {
      split_key_ = std::string(chunk.row_key(chunk.row_count() / 2));
    }
    run = RunOf(chunk);
    if (runs_.size() < kRunsInMemory) {
      run.rows = std::exchange(chunk, RowChunk());
      runs_.push_back(std::move(run));
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(Written(MakeBulkFolder(*options_.env, options_.folder)));
    run.path = absl::StrCat(options_.folder, "/", ++files_, ".rows");
  }
  RETURN_IF_ERROR(Written(SpoolRows(*options_.env, run.path, chunk,
                                    run.low_count, &run.high_offset)));
  absl::MutexLock lock(&mutex_);
  runs_.push_back(std::move(run));
  return absl::OkStatus();
}

RocksDbBulkLoader::Run RocksDbBulkLoader::RunOf(const RowChunk& sorted) const {
  return {.row_count = sorted.row_count(),
          .low_count = sorted.CountBefore(split_key_)};
}

absl::Status RocksDbBulkLoader::Finish() {
  RETURN_IF_ERROR(CheckPartition());
  RETURN_IF_ERROR(CloseIntakes());
  std::vector<Run> runs;
  {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &RocksDbBulkLoader::IsQuiet));
    RETURN_IF_ERROR(status_);
    chunk_.Sort();
    // Not worth two threads, and two files, if it is small.
    if (split_key_.empty() && chunk_.row_count() >= kManyRows) {
      split_key_ = std::string(chunk_.row_key(chunk_.row_count() / 2));
    }
    runs = std::move(runs_);
    runs.push_back(RunOf(chunk_));
    runs.back().rows = std::exchange(chunk_, RowChunk());
    spare_ = RowChunk();
  }
  if (runs.size() == 1 && runs[0].row_count == 0) return absl::OkStatus();
  RETURN_IF_ERROR(options_.check_writable());
  RETURN_IF_ERROR(Written(MakeBulkFolder(*options_.env, options_.folder)));
  std::vector<std::string> tables;
  RETURN_IF_ERROR(MergeAll(runs, tables));
  runs.clear();
  return Written(HandOverTables(*options_.db, tables));
}

absl::Status RocksDbBulkLoader::MergeAll(const std::vector<Run>& runs,
                                         std::vector<std::string>& tables) {
  absl::Status high_status;
  std::vector<std::string> high_tables;
  std::thread high(
      [&] { high_status = Merge(runs, Half::kHigh, high_tables); });
  absl::Status status = Merge(runs, Half::kLow, tables);
  high.join();
  status.Update(high_status);
  tables.insert(tables.end(), high_tables.begin(), high_tables.end());
  return status;
}

absl::Status RocksDbBulkLoader::OpenRun(const Run& run, Half half,
                                        std::unique_ptr<RowSource>& source) {
  const size_t begin = half == Half::kLow ? 0 : run.low_count;
  const size_t end = half == Half::kLow ? run.low_count : run.row_count;
  if (run.path.empty()) {
    source = std::make_unique<ChunkSource>(run.rows, begin, end);
    return absl::OkStatus();
  }
  const uint64_t offset = half == Half::kLow ? 0 : run.high_offset;
  std::unique_ptr<SpoolSource> spool;
  RETURN_IF_ERROR(Written(
      SpoolSource::Open(*options_.env, run.path, offset, end - begin, &spool)));
  source = std::move(spool);
  return absl::OkStatus();
}

absl::Status RocksDbBulkLoader::Merge(const std::vector<Run>& runs, Half half,
                                      std::vector<std::string>& tables) {
  std::vector<std::unique_ptr<RowSource>> sources;
  for (const Run& run : runs) {
    sources.emplace_back();
    RETURN_IF_ERROR(OpenRun(run, half, sources.back()));
  }
  RowMerge rows(std::move(sources));
  rocksdb::Options options = options_.db->GetOptions();
  // Compressing would take longer than writing what it saves; RocksDB does it
  // where it merges these rows with others.
  options.compression = rocksdb::kNoCompression;
  const std::string path =
      absl::StrCat(options_.folder, half == Half::kLow ? "/low" : "/high");
  TableFiles files(options, row_prefix_.size(), path);
  std::string last_key;  // None is empty: each begins with its partition.
  RETURN_IF_ERROR(Written(rows.Next()));
  while (rows.has_row()) {
    if (rows.row_key() == last_key) return KeyTwice();
    last_key.assign(rows.row_key().data(), rows.row_key().size());
    RETURN_IF_ERROR(Written(files.Put(last_key, rows.row_value())));
    RETURN_IF_ERROR(Written(rows.Next()));
  }
  RETURN_IF_ERROR(Written(files.Finish()));
  tables = files.TakePaths();
  return absl::OkStatus();
}

absl::Status RocksDbBulkLoader::Written(const rocksdb::Status& status) {
  return status.ok() ? absl::OkStatus() : options_.latch->Fail(status);
}

}  // namespace rollcall::store
