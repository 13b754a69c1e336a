#include "services/reconciliation/run_ending.h"

#include <algorithm>
#include <cstdint>
#include <memory>

#include "absl/types/optional.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/held_batches.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_steps.h"

namespace rollcall::reconciliation {
namespace {

// After a while, unless that is due earlier.
void ReadAllAgain(absl::Time now, store::DirectoryRow* row) {
  const int64_t retry = absl::ToUnixNanos(now + kFullRetryDelay);
  const int64_t due = row->full_retry_nanos();
  row->set_full_retry_nanos(due == 0 ? retry : std::min(due, retry));
}

// What the next runs of the directory begin with. The cursor moves only with
// the run's last batch (invariant 5), and only over what was done.
absl::Status HandOn(v1::Run::State state, absl::Time now, const RunWork& work,
                    Transaction& transaction) {
  const bool has_read = work.run.kind() == v1::Run::FULL ||
                        work.run.kind() == v1::Run::CHANGES ||
                        work.run.kind() == v1::Run::PLAN;
  const bool has_ended_well =
      state == v1::Run::SUCCEEDED || state == v1::Run::PARTIAL;
  // It has served its slot by its start (R68). Whoever cancels it does not want
  // it now, but what it was to make good is still due.
  const bool is_to_be_repeated =
      state == v1::Run::FAILED ||
      (state == v1::Run::CANCELLED && work.running.full_was_due());
  const bool is_lost_full = is_to_be_repeated &&
                            work.run.kind() == v1::Run::FULL &&
                            !work.run.plan_only();
  if (!is_lost_full && (!has_read || !has_ended_well)) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(store::DirectoryRow row,
                   transaction.runs().GetDirectory(work.directory()));
  if (is_lost_full) {
    ReadAllAgain(now, &row);
    transaction.Put(keys::Directory(work.directory()), row);
    return absl::OkStatus();
  }
  row.set_change_cursor(work.place.next_change_cursor());
  row.set_shape(work.scope.shape());
  row.set_read_time_nanos(
      absl::ToUnixNanos(FromTimestamp(work.run.read_time())));
  if (work.place.needs_full()) {
    ReadAllAgain(now, &row);
  } else if (work.run.kind() == v1::Run::FULL) {
    row.clear_full_retry_nanos();
  }
  transaction.Put(keys::Directory(work.directory()), row);
  return absl::OkStatus();
}

// What earlier runs have met is old now (B10). Before the run's last batch, so
// that it is done again if the process dies.
absl::Status DropOldCollisions(v1::Run::State state,
                               const RunEngineOptions& options,
                               const RunWork& work) {
  const bool has_met_all =
      (work.run.kind() == v1::Run::FULL || work.run.kind() == v1::Run::PLAN) &&
      !work.run.plan_only() &&
      (state == v1::Run::SUCCEEDED || state == v1::Run::PARTIAL);
  if (!has_met_all) return absl::OkStatus();
  const std::string all = keys::CollisionsOfDirectory(work.directory());
  const rollcall::store::KeyRange own = rollcall::store::KeyRange::Prefix(
      keys::CollisionsOfRun(work.directory(), work.name.id()));
  const std::string end = rollcall::store::KeyRange::Prefix(all).end;
  RETURN_IF_ERROR(DropRows(options, {all, own.begin}, work));
  return DropRows(options, {own.end, end}, work);
}

}  // namespace

v1::ChangeEvent RunFinishedEvent(const RunWork& work, absl::Time now) {
  v1::ChangeEvent event = MakeEvent(work, now, "R70");
  v1::RunFinished& finished = *event.mutable_run_finished();
  *finished.mutable_run() = work.run;
  finished.set_directory(work.name.directory().ToString());
  finished.set_enrollment_mail_enabled(work.scope.enrollment_mail_enabled());
  finished.set_phone_import_enabled(work.scope.phone_import_enabled());
  return event;
}

absl::Status FinishRun(v1::Run::State state, const RunEngineOptions& options,
                       RunWork& work) {
  RETURN_IF_ERROR(DropOldCollisions(state, options, work));
  const bool is_given_up =
      state == v1::Run::FAILED || state == v1::Run::CANCELLED;
  if (is_given_up && !work.run.plan_only()) {
    // It may have opened a batch whose rows it has not written. What is damaged
    // must not keep the run from its end.
    const absl::Status settled =
        SettleBatches(/*knows_all=*/false, options, work);
    if (!settled.ok()) {
      LogWarning("batches_not_settled",
                 {{"run", work.run.name()}, {"error", settled}});
    }
  }
  const absl::Time now = options.clock.TimeNow();
  work.run.set_state(state);
  work.run.set_phase(v1::Run::ENDED);
  if (!is_given_up) {
    const int64_t seen = work.counters().users_seen();
    SetProgress(seen, seen, work);
  }
  *work.run.mutable_end_time() = ToTimestamp(now);
  {
    ASSIGN_OR_RETURN(auto transaction, Begin(options, work));
    store::RunRow row;
    *row.mutable_run() = work.run;
    transaction->Put(keys::Run(work.directory(), work.name.id()), row);
    transaction->Delete(keys::Running(work.directory()));
    transaction->Delete(keys::Place(work.directory(), work.name.id()));
    transaction->Delete(keys::Scope(work.directory(), work.name.id()));
    RETURN_IF_ERROR(HandOn(state, now, work, *transaction));
    if (is_given_up && PlaceOf(work.place).phase == RunPhase::kRemoving) {
      const absl::Status counted = SaveEmptied(now, work, *transaction);
      if (!counted.ok()) {
        LogWarning("emptied_groups_not_counted",
                   {{"run", work.run.name()}, {"error", counted}});
      }
    }
    if (!work.place.held_batch().empty()) {
      const bool applied =
          state == v1::Run::SUCCEEDED || state == v1::Run::PARTIAL;
      RETURN_IF_ERROR(CloseApproved(applied, now, work, *transaction));
    }
    // A plan has nothing to tell (B1).
    if (!work.run.plan_only()) {
      transaction->AppendEvent(RunFinishedEvent(work, now));
    }
    transaction->OpenGate(work.run.name());
    RETURN_IF_ERROR(transaction->Commit());
  }
  RETURN_IF_ERROR(DropWithheld(options, absl::nullopt, work));
  if (work.is_rehearsal) return absl::OkStatus();
  Counter("rollcall_reconciliation_runs_total", "Runs that have ended.",
          {{"state", v1::Run::State_Name(state)}})
      .Increment();
  const v1::RunCounters& counters = work.run.counters();
  LogInfo("run_finished", {{"run", work.run.name()},
                           {"kind", v1::Run::Kind_Name(work.run.kind())},
                           {"state", v1::Run::State_Name(state)},
                           {"users_seen", counters.users_seen()},
                           {"users_created", counters.users_created()},
                           {"users_updated", counters.users_updated()},
                           {"users_removed", counters.users_removed()},
                           {"users_skipped", counters.users_skipped()}});
  return absl::OkStatus();
}

}  // namespace rollcall::reconciliation
