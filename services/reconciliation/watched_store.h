// A store that tells the access cache of every commit, before whoever commits
// hears of it. Everything that this process writes goes through one of these.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_WATCHED_STORE_H_
#define ROLLCALL_SERVICES_RECONCILIATION_WATCHED_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/store/store.h"
#include "services/reconciliation/access_cache.h"

namespace rollcall::reconciliation {

// Thread-safe.
class WatchedStore final : public rollcall::store::Store {
 public:
  // Both must outlive this.
  WatchedStore(rollcall::store::Store& base, AccessCache& cache)
      : base_(base), cache_(cache) {}

  // The cache forgets what a failed commit was to write, too: its outcome may
  // be unknown.
  absl::Status Commit(const rollcall::store::Batch& batch) override {
    const absl::Status status = base_.Commit(batch);
    cache_.Forget(batch);
    return status;
  }
  std::unique_ptr<rollcall::store::BulkLoader> BeginBulkLoad(
      absl::string_view partition) override;

  absl::StatusOr<absl::optional<std::string>> Get(
      absl::string_view partition, absl::string_view key) const override {
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
  std::unique_ptr<rollcall::store::Reader> Snapshot() const override {
    return base_.Snapshot();
  }
  const std::string& incarnation() const override {
    return base_.incarnation();
  }
  int64_t epoch() const override { return base_.epoch(); }

 private:
  rollcall::store::Store& base_;
  AccessCache& cache_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_WATCHED_STORE_H_
