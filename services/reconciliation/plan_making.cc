#include "services/reconciliation/plan_making.h"

#include <memory>
#include <string>
#include <utility>

#include "common/status/status_macros.h"
#include "services/reconciliation/plan_keys.h"
#include "services/reconciliation/plan_overlay.h"
#include "services/reconciliation/plan_rows.h"
#include "services/reconciliation/plan_sealing.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_ending.h"
#include "services/reconciliation/run_steps.h"

namespace rollcall::reconciliation {
namespace {

// The run as people see it: what it would have done, and until when it can.
absl::Status FinishPlan(const v1::Run& outcome, const RunEngineOptions& options,
                        RunWork& work) {
  work.run = outcome;
  *work.run.mutable_expire_time() =
      ToTimestamp(options.clock.TimeNow() + kPlanRetention);
  return FinishRun(v1::Run::PLANNED, options, work);
}

}  // namespace

absl::Status MakePlan(const RunEngineOptions& options, const CarryPhases& carry,
                      RunWork& work) {
  const std::string partition = plan_keys::Partition(work.name);
  rollcall::store::Store& rows = options.store.plans();
  RETURN_IF_ERROR(DropPlan(partition, options.max_batch_rows, rows));

  const std::unique_ptr<rollcall::store::Reader> now = options.store.Snapshot();
  PlanOverlay overlay(rows, *now, work.account(), partition);
  IdentityStore store(overlay);
  absl::Status asking;
  const auto is_cancelled = [&] {
    const absl::StatusOr<bool> cancelled = IsCancelled(options, work);
    asking.Update(cancelled.status());
    return !cancelled.ok() || *cancelled;
  };
  const RunEngineOptions on_overlay = {
      .store = store,
      .directory = options.directory,
      .board = options.board,
      .clock = options.clock,
      .make_id = options.make_id,
      .is_stopping = [&] { return options.is_stopping() || is_cancelled(); },
      .max_batch_rows = options.max_batch_rows,
      .max_batch_bytes = options.max_batch_bytes,
      .users_per_step = options.users_per_step,
      .bytes_per_step = options.bytes_per_step};

  ASSIGN_OR_RETURN(RunWork planned, LoadRun(work.name, store));
  planned.is_rehearsal = true;
  RETURN_IF_ERROR(carry(on_overlay, planned));
  RETURN_IF_ERROR(asking);
  if (!planned.source_error.ok()) {
    work.source_error = planned.source_error;
    return absl::OkStatus();
  }
  const bool has_ended = planned.run.phase() == v1::Run::ENDED;
  if (has_ended && !is_cancelled()) {
    RETURN_IF_ERROR(SealPlan(planned, overlay, options.max_batch_rows, rows));
    return FinishPlan(planned.run, options, work);
  }
  RETURN_IF_ERROR(asking);
  if (!is_cancelled()) return absl::OkStatus();  // For the next process.
  RETURN_IF_ERROR(DropPlan(partition, options.max_batch_rows, rows));
  return FinishRun(v1::Run::CANCELLED, options, work);
}

}  // namespace rollcall::reconciliation
