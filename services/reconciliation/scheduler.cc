#include "services/reconciliation/scheduler.h"

#include <memory>
#include <string>

#include "absl/random/distributions.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/plan_sweeper.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/schedule.h"
#include "services/reconciliation/schedule_facts.h"

namespace rollcall::reconciliation {
namespace {

constexpr int kSecondsPerDay = 24 * 60 * 60;
}  // namespace

absl::StatusOr<Pace> Scheduler::RunOnce(absl::Time now) {
  absl::Status first_error = SweepPlans(options_, now);
  RETURN_IF_ERROR(
      ForEachDirectory(options_.directory, "accounts/-",
                       [&](const directory::v1::Directory& directory) {
                         first_error.Update(Annotate(Schedule(directory, now),
                                                     directory.name()));
                         return !options_.is_stopping();
                       }));
  if (!first_error.ok()) return first_error;
  return Pace::kRest;
}

absl::Status Scheduler::Schedule(const directory::v1::Directory& directory,
                                 absl::Time now) {
  if (!IsScheduled(directory)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const DirectoryName name,
                   DirectoryName::Parse(directory.name()));
  ASSIGN_OR_RETURN(const store::DirectoryRow row, Meet(name, now));
  const ScheduleVerdict verdict =
      JudgeSchedule(ScheduleFactsOf(row, directory), now);
  if (verdict.due == Due::kNothing) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      const absl::optional<store::RunningRow> running,
      options_.store.Runs(name.account().id()).FindRunning(name.id()));
  if (running.has_value()) return absl::OkStatus();
  if (verdict.due == Due::kFull) {
    RETURN_IF_ERROR(StartRun(RunName(name, options_.make_id()),
                             {.kind = v1::Run::FULL, .slot = verdict.slot}, now,
                             options_.store)
                        .status());
  } else {
    desk_.AddPoll(name);
  }
  on_work_();
  return absl::OkStatus();
}

absl::StatusOr<store::DirectoryRow> Scheduler::Meet(const DirectoryName& name,
                                                    absl::Time now) {
  const std::string& account = name.account().id();
  ASSIGN_OR_RETURN(store::DirectoryRow known,
                   options_.store.Runs(account).GetDirectory(name.id()));
  if (known.last_slot_nanos() != 0) return known;
  ASSIGN_OR_RETURN(auto transaction, options_.store.Begin(account));
  ASSIGN_OR_RETURN(store::DirectoryRow row,
                   transaction->runs().GetDirectory(name.id()));
  row.set_slot_second(absl::Uniform(random_, 0, kSecondsPerDay));
  row.set_last_slot_nanos(
      absl::ToUnixNanos(LatestSlot(row.slot_second(), now)));
  transaction->Put(keys::Directory(name.id()), row);
  RETURN_IF_ERROR(transaction->Commit());
  return row;
}

}  // namespace rollcall::reconciliation
