// What a transaction has written so far, in front of what is stored.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_TRANSACTION_ROWS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_TRANSACTION_ROWS_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
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
  using Rows = absl::flat_hash_map<std::string, absl::optional<std::string>>;
  using Row = Rows::value_type;

  explicit TransactionRows(const rollcall::store::Reader& base) : base_(base) {}

  absl::StatusOr<absl::optional<std::string>> Get(
      absl::string_view partition, absl::string_view key) const override {
    auto written = rows_.find(key);
    if (written != rows_.end()) return written->second;
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

  void Set(std::string key, absl::optional<std::string> value) {
    byte_size_ += key.size() + (value.has_value() ? value->size() : 0);
    rows_.insert_or_assign(std::move(key), std::move(value));
  }

  size_t size() const { return rows_.size(); }
  size_t byte_size() const { return byte_size_; }

  // In the order of their keys: neighbours are written quicker one after the
  // other.
  std::vector<const Row*> InOrder() const {
    std::vector<const Row*> rows;
    rows.reserve(rows_.size());
    for (const Row& row : rows_) rows.push_back(&row);
    std::sort(rows.begin(), rows.end(),
              [](const Row* a, const Row* b) { return a->first < b->first; });
    return rows;
  }

 private:
  const rollcall::store::Reader& base_;
  Rows rows_;
  size_t byte_size_ = 0;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_TRANSACTION_ROWS_H_
