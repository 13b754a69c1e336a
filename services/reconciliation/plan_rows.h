// Reads, and deletes, what plans have stored.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_PLAN_ROWS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_PLAN_ROWS_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "services/reconciliation/plan_store.pb.h"

namespace rollcall::reconciliation {

// Writes many rows of a plan, in batches. Not atomic: a plan counts when its
// PlanRow is there, which comes last. One thread.
class PlanWriter {
 public:
  PlanWriter(std::string partition, size_t max_batch_rows,
             rollcall::store::Store& rows)
      : partition_(std::move(partition)),
        max_batch_rows_(max_batch_rows),
        rows_(rows),
        batch_(partition_) {}

  absl::Status Put(std::string key, std::string value);
  absl::Status Delete(std::string key);
  absl::Status Flush();

 private:
  absl::Status FlushIfFull();

  const std::string partition_;
  const size_t max_batch_rows_;
  rollcall::store::Store& rows_;
  rollcall::store::Batch batch_;
};

// What is known of a plan that is whole; none: it is not, or it was dropped.
absl::StatusOr<absl::optional<store::PlanRow>> FindPlan(
    const RunName& plan, const rollcall::store::Reader& rows);

struct ListedChange {
  std::string key;  // Leads on to the next page.
  store::PlannedRow row;
};

// What a plan changes, in the order of application: at most `limit` after the
// key of a page before.
absl::StatusOr<std::vector<ListedChange>> ListPlanned(
    const RunName& plan, absl::string_view after_key, int limit,
    const rollcall::store::Reader& rows);

// Deletes all rows of a plan, the one that makes it whole first.
absl::Status DropPlan(const std::string& partition, size_t max_batch_rows,
                      rollcall::store::Store& rows);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_PLAN_ROWS_H_
