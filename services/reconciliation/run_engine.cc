#include "services/reconciliation/run_engine.h"

#include <memory>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "absl/random/distributions.h"
#include "absl/time/time.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/time/backoff.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/plan_applying.h"
#include "services/reconciliation/plan_making.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_ending.h"
#include "services/reconciliation/run_reading.h"
#include "services/reconciliation/run_reverting.h"
#include "services/reconciliation/run_steps.h"
#include "services/reconciliation/run_taking.h"

namespace rollcall::reconciliation {
namespace {

// Applying a plan takes seconds.
constexpr absl::Duration kWaitForPlan = absl::Seconds(2);

bool IsExpiredCursor(const absl::Status& status, const RunWork& work) {
  return work.run.kind() == v1::Run::CHANGES &&
         ReasonOf(status) == "CHANGE_CURSOR_EXPIRED";
}

// The store is out of order, or somebody else has written: that is over one
// day, and says nothing about the run.
bool IsOfTheStore(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason == "STORE_CONFLICT" || reason == "STORE_FAILED" ||
         reason == "STORE_READ_FAILED" || reason == "STORE_DISK_LOW";
}

}  // namespace

absl::Status RunEngine::Execute(const RunName& name) {
  ASSIGN_OR_RETURN(RunWork work, LoadRun(name, options_.store));
  if (work.run.state() != v1::Run::RUNNING) return absl::OkStatus();
  Show(options_, work);
  const absl::Cleanup take_down = [&] {
    options_.board.Remove(name.ToString());
  };
  absl::Status status = Carry(work);
  // What is damaged stays damaged: the run ends instead of trying for ever
  // (invariants 28 and 31).
  if (absl::IsDataLoss(status)) {
    ASSIGN_OR_RETURN(RunWork stored, LoadRun(name, options_.store));
    status = Fail(status, stored);
  }
  if (ReasonOf(status) == "PLAN_UNDER_WAY") return Postpone(name);
  if (status.ok() || IsOfTheStore(status)) return status;
  return TryLater(status, /*is_worth_it=*/true, name);
}

absl::Status RunEngine::CarryApart(RunWork& work) {
  if (work.run.kind() == v1::Run::PLAN) return ApplyPlan(options_, work);
  if (work.run.kind() == v1::Run::REVERT) return RevertChanges(options_, work);
  return MakePlan(
      options_,
      [](const RunEngineOptions& options, RunWork& planned) {
        return RunEngine(options).CarryPhases(planned);
      },
      work);
}

absl::Status RunEngine::Carry(RunWork& work) {
  if (work.run.plan_only() || work.run.kind() == v1::Run::PLAN ||
      work.run.kind() == v1::Run::REVERT) {
    RETURN_IF_ERROR(CarryApart(work));
    return work.source_error.ok() ? absl::OkStatus() : OnSourceError(work);
  }
  RETURN_IF_ERROR(CarryPhases(work));
  if (!IsExpiredCursor(work.source_error, work)) {
    return work.source_error.ok() ? absl::OkStatus() : OnSourceError(work);
  }
  ASSIGN_OR_RETURN(RunWork full, LoadRun(work.name, options_.store));
  RETURN_IF_ERROR(BecomeFull(full));
  RETURN_IF_ERROR(CarryPhases(full));
  return full.source_error.ok() ? absl::OkStatus() : OnSourceError(full);
}

absl::Status RunEngine::CarryPhases(RunWork& work) {
  RETURN_IF_ERROR(LoadRules(options_.store, work));
  ASSIGN_OR_RETURN(bool cancelled, IsCancelled(options_, work));
  if (!cancelled && NeedsStream(PlaceOf(work.place))) {
    RETURN_IF_ERROR(RunReading(options_, work).Read());
    if (!work.source_error.ok()) return absl::OkStatus();
  }
  if (!cancelled && !NeedsStream(PlaceOf(work.place))) {
    RETURN_IF_ERROR(TakeWithheld(options_, work));
    if (!work.source_error.ok()) return absl::OkStatus();
  }
  const RunPhase phase = PlaceOf(work.place).phase;
  if (phase != RunPhase::kReleasing) {
    // Stopped before its end: for the next process, or for good.
    ASSIGN_OR_RETURN(cancelled, IsCancelled(options_, work));
    return cancelled ? FinishRun(v1::Run::CANCELLED, options_, work)
                     : absl::OkStatus();
  }
  RETURN_IF_ERROR(ReleaseGroups(options_, work));
  return FinishRun(
      work.run.problems().empty() ? v1::Run::SUCCEEDED : v1::Run::PARTIAL,
      options_, work);
}

absl::Status RunEngine::Postpone(const RunName& name) {
  const std::string& directory = name.directory().id();
  ASSIGN_OR_RETURN(auto transaction, options_.store.Begin(name.account().id()));
  ASSIGN_OR_RETURN(absl::optional<store::RunningRow> running,
                   transaction->runs().FindRunning(directory));
  if (!running.has_value() || running->run() != name.id()) {
    return absl::OkStatus();
  }
  running->set_retry_time_nanos(
      absl::ToUnixNanos(options_.clock.TimeNow() + kWaitForPlan));
  transaction->Put(keys::Running(directory), *running);
  return transaction->Commit();
}

absl::Status RunEngine::BecomeFull(RunWork& work) {
  LogInfo("changes_become_full", {{"run", work.run.name()}});
  work.run.set_kind(v1::Run::FULL);
  work.place.clear_change_cursor();
  work.place.clear_read_id();
  ASSIGN_OR_RETURN(auto transaction, Begin(options_, work));
  SaveProgress(work, *transaction);
  return transaction->Commit();
}

absl::Status RunEngine::OnSourceError(const RunWork& work) {
  const absl::Status& status = work.source_error;
  return TryLater(status, IsWorthRetrying(status.code(), ReasonOf(status)),
                  work.name);
}

// What is committed stays in any case.
absl::Status RunEngine::TryLater(const absl::Status& status, bool is_worth_it,
                                 const RunName& name) {
  ASSIGN_OR_RETURN(RunWork work, LoadRun(name, options_.store));
  const int tries = work.running.tries() + 1;
  if (!is_worth_it || tries >= kMaxTries) return Fail(status, work);
  const absl::Duration delay =
      BackoffDelay(BackoffPolicy(), tries, absl::Uniform(random_, 0.0, 1.0));
  LogWarning("run_waits", {{"run", work.run.name()},
                           {"tries", tries},
                           {"delay", delay},
                           {"error", status}});
  ASSIGN_OR_RETURN(auto transaction, Begin(options_, work));
  // As it is now: somebody may have cancelled it meanwhile.
  ASSIGN_OR_RETURN(absl::optional<store::RunningRow> running,
                   transaction->runs().FindRunning(work.directory()));
  if (!running.has_value()) return absl::OkStatus();
  running->set_tries(tries);
  running->set_retry_time_nanos(
      running->cancelled()
          ? 0
          : absl::ToUnixNanos(options_.clock.TimeNow() + delay));
  transaction->Put(keys::Running(work.directory()), *running);
  return transaction->Commit();
}

absl::Status RunEngine::Fail(const absl::Status& status, RunWork& work) {
  LogError("run_failed", {{"run", work.run.name()}, {"error", status}});
  const std::string reason = ReasonOf(status);
  AddProblem({reason.empty() ? absl::StatusCodeToString(status.code()) : reason,
              std::string(status.message())},
             work);
  return FinishRun(v1::Run::FAILED, options_, work);
}

}  // namespace rollcall::reconciliation
