// A store in which an account may be changed without being changed: what is
// written goes to the partition of a plan, what is read is that, and behind it
// one instant of the account.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_PLAN_OVERLAY_H_
#define ROLLCALL_SERVICES_RECONCILIATION_PLAN_OVERLAY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/store/store.h"

namespace rollcall::reconciliation {

// Thread-safe for readers; one thread writes. Keeps nothing in memory. Other
// accounts than its own can be read and not written.
class PlanOverlay : public rollcall::store::Store {
 public:
  // All must outlive this. Reads of the account that `partition` does not
  // answer are `behind`'s.
  PlanOverlay(rollcall::store::Store& rows,
              const rollcall::store::Reader& behind, std::string account,
              std::string partition);

  absl::StatusOr<absl::optional<std::string>> Get(
      absl::string_view partition, absl::string_view key) const override;
  std::unique_ptr<rollcall::store::Cursor> Scan(
      absl::string_view partition,
      const rollcall::store::KeyRange& range) const override;
  absl::StatusOr<std::vector<std::string>> ListPartitions(
      absl::string_view after, int limit) const override;
  // Deleting what is not there leaves no row behind.
  absl::Status Commit(const rollcall::store::Batch& batch) override;
  // Takes its rows as batches; they are few.
  std::unique_ptr<rollcall::store::BulkLoader> BeginBulkLoad(
      absl::string_view partition) override;
  // The newest state: one thread writes, and does not read meanwhile.
  std::unique_ptr<rollcall::store::Reader> Snapshot() const override;
  const std::string& incarnation() const override;
  int64_t epoch() const override;

  // Walks over what was written in a table of the account; a row without value
  // was deleted. One thread.
  class Changes {
   public:
    Changes(const PlanOverlay& overlay, const rollcall::store::KeyRange& range);
    struct Change {
      std::string key;
      absl::optional<std::string> value;
    };
    absl::StatusOr<absl::optional<Change>> Next();

   private:
    std::unique_ptr<rollcall::store::Cursor> cursor_;
  };

  const rollcall::store::Reader& behind() const { return behind_; }
  const std::string& account() const { return account_; }
  const std::string& partition() const { return partition_; }

 private:
  class Merged;
  class Loader;

  rollcall::store::Store& rows_;
  const rollcall::store::Reader& behind_;
  const std::string account_;
  const std::string partition_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_PLAN_OVERLAY_H_
