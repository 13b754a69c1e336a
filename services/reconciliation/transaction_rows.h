// What a transaction has written so far, in front of what is stored.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_TRANSACTION_ROWS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_TRANSACTION_ROWS_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/store/store.h"

namespace rollcall::reconciliation {

// One thread. Scans see only what is stored.
class TransactionRows : public rollcall::store::Reader {
 public:
  struct Row {
    std::string key;
    absl::optional<std::string> value;  // None: deleted.
  };

  explicit TransactionRows(const rollcall::store::Reader& base) : base_(base) {}

  absl::StatusOr<absl::optional<std::string>> Get(
      absl::string_view partition, absl::string_view key) const override {
    auto written = by_key_.find(key);
    if (written != by_key_.end()) return written->second->value;
    return base_.Get(partition, key);
  }
  std::unique_ptr<rollcall::store::Cursor> Scan(
      absl::string_view partition,
      const rollcall::store::KeyRange& range) const override {
    return base_.Scan(partition, range);
  }
  absl::StatusOr<std::vector<std::string>> ListPartitions(
      absl::string_view after, int limit) const override {
    return base_.ListPartitions(after, limit);
  }

  void Reserve(size_t rows) { by_key_.reserve(rows); }
  void Set(std::string key, absl::optional<std::string> value);

  size_t size() const { return rows_.size(); }
  size_t byte_size() const { return byte_size_; }

  // All rows, in the order of their keys; they may be moved from. Nothing is
  // asked of this afterwards.
  std::vector<Row*> TakeInOrder();

 private:
  const rollcall::store::Reader& base_;
  std::deque<Row> rows_;  // As they came.
  absl::flat_hash_map<absl::string_view, Row*> by_key_;
  size_t byte_size_ = 0;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_TRANSACTION_ROWS_H_
