#include "common/store/batch_tables.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/store/bulk_folder.h"
#include "common/store/row.h"
#include "rocksdb/options.h"
#include "rocksdb/sst_file_writer.h"

namespace rollcall::store {
namespace {

// A table with fewer rows shares a file with its neighbours: each file is
// synced.
constexpr size_t kManyRows = 500;

// The first part of a key, as `key.h` encodes it.
absl::string_view TableOf(absl::string_view key) {
  const size_t end = key.find(absl::string_view("\0\x01", 2));
  return end == absl::string_view::npos ? "" : key.substr(0, end);
}

bool KeyIsLess(const Batch::Operation* a, const Batch::Operation* b) {
  return a->key < b->key;
}

}  // namespace

BatchTables::BatchTables(rocksdb::DB& db, rocksdb::Env& env, std::string folder,
                         const Batch& batch)
    : db_(db), env_(env), folder_(std::move(folder)), batch_(batch) {}

BatchTables::~BatchTables() {
  // What cannot be removed is found at the next opening.
  RemoveBulkFolder(env_, folder_).PermitUncheckedError();
}

rocksdb::Status BatchTables::Write() {
  const rocksdb::Status made = MakeBulkFolder(env_, folder_);
  if (!made.ok()) return made;
  SortRows();
  MakeParts();
  rocksdb::Options options = db_.GetOptions();
  // Compressing would take longer than writing what it saves; RocksDB does it
  // where it merges these rows with others.
  options.compression = rocksdb::kNoCompression;

  // Two threads: one writes while the other waits for the disk.
  std::atomic<size_t> next{0};
  const auto write_parts = [&](rocksdb::Status* status) {
    for (size_t i = next++; i < parts_.size() && status->ok(); i = next++) {
      *status = WritePart(parts_[i], options);
    }
  };
  rocksdb::Status status, other_status;
  std::thread other([&] { write_parts(&other_status); });
  write_parts(&status);
  other.join();
  return status.ok() ? other_status : status;
}

rocksdb::Status BatchTables::HandOver() {
  if (parts_.empty()) return rocksdb::Status::OK();
  std::vector<std::string> paths;
  for (const Part& part : parts_) paths.push_back(part.path);
  return HandOverTables(db_, paths);
}

void BatchTables::SortRows() {
  rows_.reserve(batch_.operations().size());
  for (const Batch::Operation& row : batch_.operations()) {
    rows_.push_back(&row);
  }
  if (!std::is_sorted(rows_.begin(), rows_.end(), KeyIsLess)) {
    std::stable_sort(rows_.begin(), rows_.end(), KeyIsLess);
  }
  // Of operations on the same key, the last one counts.
  const auto first = std::unique(
      rows_.rbegin(), rows_.rend(),
      [](const auto* a, const auto* b) { return a->key == b->key; });
  rows_.erase(rows_.begin(), first.base());
}

void BatchTables::MakeParts() {
  bool may_join = false;
  for (size_t begin = 0; begin < rows_.size();) {
    const absl::string_view table = TableOf(rows_[begin]->key);
    size_t end = begin + 1;
    while (end < rows_.size() && TableOf(rows_[end]->key) == table) ++end;
    const bool is_large = end - begin >= kManyRows;
    if (may_join && !is_large) {
      parts_.back().end = end;
    } else {
      parts_.push_back(
          {begin, end, absl::StrCat(folder_, "/", parts_.size(), ".sst")});
    }
    may_join = !is_large;
    begin = end;
  }
}

rocksdb::Status BatchTables::WritePart(const Part& part,
                                       const rocksdb::Options& options) const {
  // What was written is soon read.
  constexpr bool kForgetPages = false;
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options,
                                /*column_family=*/nullptr, kForgetPages);
  rocksdb::Status status = writer.Open(part.path);
  std::string row_key = RowPrefix(batch_.partition());
  const size_t prefix_size = row_key.size();
  std::string row_value;
  for (size_t i = part.begin; i < part.end && status.ok(); ++i) {
    const Batch::Operation& row = *rows_[i];
    row_key.resize(prefix_size);
    row_key += row.key;
    if (row.value.has_value()) {
      row_value.clear();
      AppendRowValue(row_key, *row.value, row_value);
      status = writer.Put(row_key, row_value);
    } else {
      status = writer.Delete(row_key);
    }
  }
  return status.ok() ? writer.Finish() : status;
}

}  // namespace rollcall::store
