#include "services/reconciliation/plan_overlay.h"

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/plan_keys.h"

namespace rollcall::reconciliation {

using rollcall::store::Batch;
using rollcall::store::Cursor;
using rollcall::store::Entry;
using rollcall::store::KeyRange;
using rollcall::store::Reader;

namespace {

// A row of the overlay begins with one of these.
constexpr char kDeleted = '-';
constexpr char kWritten = '+';

absl::StatusOr<absl::optional<std::string>> ValueOf(absl::string_view row) {
  if (row == absl::string_view(&kDeleted, 1)) {
    return absl::optional<std::string>();
  }
  if (row.empty() || row.front() != kWritten) {
    return DataLoss("PLAN_DAMAGED", "A row of a plan is damaged.");
  }
  return absl::make_optional(std::string(row.substr(1)));
}

KeyRange InOverlay(const KeyRange& range) {
  return {plan_keys::Overlay(range.begin),
          range.end.empty() ? KeyRange::Prefix(plan_keys::Overlay("")).end
                            : plan_keys::Overlay(range.end)};
}

// What the store itself answers, behind a const reader.
class Newest : public Reader {
 public:
  explicit Newest(const Reader& reader) : reader_(reader) {}
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
  const Reader& reader_;
};

}  // namespace

PlanOverlay::Changes::Changes(const PlanOverlay& overlay, const KeyRange& range)
    : cursor_(overlay.rows_.Scan(overlay.partition_, InOverlay(range))) {}

absl::StatusOr<absl::optional<PlanOverlay::Changes::Change>>
PlanOverlay::Changes::Next() {
  ASSIGN_OR_RETURN(absl::optional<Entry> entry, cursor_->Next());
  if (!entry.has_value()) return absl::optional<Change>();
  Change change;
  change.key = entry->key.substr(plan_keys::Overlay("").size());
  ASSIGN_OR_RETURN(change.value, ValueOf(entry->value));
  return absl::make_optional(std::move(change));
}

// Both sides in the order of keys; of two with one key the overlay's counts.
class PlanOverlay::Merged : public Cursor {
 public:
  Merged(const PlanOverlay& overlay, const KeyRange& range)
      : changes_(overlay, range),
        behind_(overlay.behind_.Scan(overlay.account_, range)) {}

  absl::StatusOr<absl::optional<Entry>> Next() override {
    if (!error_.ok()) return error_;
    auto next = Find();
    if (!next.ok()) error_ = next.status();
    return next;
  }

 private:
  absl::StatusOr<absl::optional<Entry>> Find() {
    if (!begun_) {
      ASSIGN_OR_RETURN(change_, changes_.Next());
      ASSIGN_OR_RETURN(entry_, behind_->Next());
      begun_ = true;
    }
    while (change_.has_value() || entry_.has_value()) {
      const bool is_behind = !change_.has_value() ||
                             (entry_.has_value() && entry_->key < change_->key);
      if (is_behind) {
        absl::optional<Entry> found = std::move(entry_);
        ASSIGN_OR_RETURN(entry_, behind_->Next());
        return found;
      }
      if (entry_.has_value() && entry_->key == change_->key) {
        ASSIGN_OR_RETURN(entry_, behind_->Next());
      }
      Changes::Change found = *std::move(change_);
      ASSIGN_OR_RETURN(change_, changes_.Next());
      if (!found.value.has_value()) continue;
      return absl::make_optional(
          Entry{std::move(found.key), *std::move(found.value)});
    }
    return absl::optional<Entry>();
  }

  Changes changes_;
  std::unique_ptr<Cursor> behind_;
  bool begun_ = false;
  absl::optional<Changes::Change> change_;
  absl::optional<Entry> entry_;
  absl::Status error_;
};

class PlanOverlay::Loader : public rollcall::store::BulkLoader {
 public:
  Loader(PlanOverlay& overlay, absl::string_view partition)
      : overlay_(overlay), batch_(partition) {}

  absl::Status Add(absl::string_view key, absl::string_view value) override {
    absl::MutexLock lock(&mutex_);
    batch_.Put(std::string(key), std::string(value));
    return absl::OkStatus();
  }
  absl::Status Finish() override {
    absl::MutexLock lock(&mutex_);
    return overlay_.Commit(batch_);
  }

 private:
  PlanOverlay& overlay_;
  absl::Mutex mutex_;
  Batch batch_ ABSL_GUARDED_BY(mutex_);
};

PlanOverlay::PlanOverlay(rollcall::store::Store& rows, const Reader& behind,
                         std::string account, std::string partition)
    : rows_(rows),
      behind_(behind),
      account_(std::move(account)),
      partition_(std::move(partition)) {}

absl::StatusOr<absl::optional<std::string>> PlanOverlay::Get(
    absl::string_view partition, absl::string_view key) const {
  if (partition == account_) {
    ASSIGN_OR_RETURN(absl::optional<std::string> row,
                     rows_.Get(partition_, plan_keys::Overlay(key)));
    if (row.has_value()) return ValueOf(*row);
  }
  return behind_.Get(partition, key);
}

std::unique_ptr<Cursor> PlanOverlay::Scan(absl::string_view partition,
                                          const KeyRange& range) const {
  if (partition != account_) return behind_.Scan(partition, range);
  return std::make_unique<Merged>(*this, range);
}

absl::StatusOr<std::vector<std::string>> PlanOverlay::ListPartitions(
    absl::string_view after, int limit) const {
  return behind_.ListPartitions(after, limit);
}

absl::Status PlanOverlay::Commit(const Batch& batch) {
  if (batch.partition() != account_) {
    return Internal("PLAN_FOREIGN_ACCOUNT",
                    "A plan is about to write to another account.",
                    {{"account", batch.partition()}});
  }
  for (const Batch::Condition& condition : batch.conditions()) {
    ASSIGN_OR_RETURN(absl::optional<std::string> value,
                     Get(account_, condition.key));
    if (value == condition.value) continue;
    return Aborted("STORE_CONFLICT", "Somebody else has changed the plan.");
  }
  Batch rows(partition_);
  for (const Batch::Operation& operation : batch.operations()) {
    std::string key = plan_keys::Overlay(operation.key);
    if (operation.value.has_value()) {
      rows.Put(std::move(key),
               absl::StrCat(std::string(1, kWritten), *operation.value));
      continue;
    }
    ASSIGN_OR_RETURN(const absl::optional<std::string> hidden,
                     behind_.Get(account_, operation.key));
    if (hidden.has_value()) {
      rows.Put(std::move(key), std::string(1, kDeleted));
    } else {
      rows.Delete(std::move(key));
    }
  }
  return rows_.Commit(rows);
}

std::unique_ptr<rollcall::store::BulkLoader> PlanOverlay::BeginBulkLoad(
    absl::string_view partition) {
  return std::make_unique<Loader>(*this, partition);
}

std::unique_ptr<Reader> PlanOverlay::Snapshot() const {
  return std::make_unique<Newest>(*this);
}

const std::string& PlanOverlay::incarnation() const {
  return rows_.incarnation();
}

int64_t PlanOverlay::epoch() const { return rows_.epoch(); }

}  // namespace rollcall::reconciliation
