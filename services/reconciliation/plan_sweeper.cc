#include "services/reconciliation/plan_sweeper.h"

#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/plan_keys.h"
#include "services/reconciliation/plan_rows.h"
#include "services/reconciliation/records.h"

namespace rollcall::reconciliation {
namespace {

constexpr int kPlansPerRead = 100;
// An application that was approved in the plan's last second has this long to
// be seen here.
constexpr absl::Duration kGrace = absl::Hours(1);

absl::StatusOr<bool> IsUnderWay(const std::string& run_name,
                                const RunReader& runs) {
  if (run_name.empty()) return false;
  ASSIGN_OR_RETURN(const RunName name, RunName::Parse(run_name));
  ASSIGN_OR_RETURN(const absl::optional<v1::Run> run,
                   runs.FindRun(name.directory().id(), name.id()));
  return run.has_value() && run->state() == v1::Run::RUNNING;
}

absl::StatusOr<bool> IsOver(const RunName& plan, absl::Time now,
                            const RunReader& runs) {
  ASSIGN_OR_RETURN(const absl::optional<v1::Run> run,
                   runs.FindRun(plan.directory().id(), plan.id()));
  if (!run.has_value()) return true;
  if (run->state() == v1::Run::RUNNING) return false;  // In the making.
  if (run->state() != v1::Run::PLANNED) return true;
  if (FromTimestamp(run->expire_time()) + kGrace > now) return false;
  ASSIGN_OR_RETURN(const bool is_applied, IsUnderWay(run->application(), runs));
  return !is_applied;
}

}  // namespace

absl::Status SweepPlans(const RunEngineOptions& options, absl::Time now) {
  rollcall::store::Store& rows = options.store.plans();
  std::string last(plan_keys::kPartitions);
  while (!options.is_stopping()) {
    ASSIGN_OR_RETURN(const std::vector<std::string> partitions,
                     rows.ListPartitions(last, kPlansPerRead));
    for (const std::string& partition : partitions) {
      if (!plan_keys::IsPlan(partition)) return absl::OkStatus();
      last = partition;
      const absl::optional<RunName> plan = plan_keys::PlanOf(partition);
      bool is_over = !plan.has_value();
      if (plan.has_value()) {
        ASSIGN_OR_RETURN(
            is_over,
            IsOver(*plan, now, options.store.Runs(plan->account().id())));
      }
      if (is_over) {
        RETURN_IF_ERROR(DropPlan(partition, options.max_batch_rows, rows));
      }
    }
    if (partitions.empty()) return absl::OkStatus();
  }
  return absl::OkStatus();
}

}  // namespace rollcall::reconciliation
