#include "services/reconciliation/plan_requests.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/plan_rows.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_requests.h"

namespace rollcall::reconciliation {
namespace {

// A plan is applied once. What has failed has changed nothing.
absl::Status CheckNotApplied(const v1::Run& plan, const RunReader& runs) {
  if (plan.application().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const RunName name, RunName::Parse(plan.application()));
  ASSIGN_OR_RETURN(const absl::optional<v1::Run> run,
                   runs.FindRun(name.directory().id(), name.id()));
  const bool may_apply =
      run.has_value() &&
      (run->state() == v1::Run::FAILED || run->state() == v1::Run::CANCELLED);
  if (may_apply) return absl::OkStatus();
  return FailedPrecondition(
      "PLAN_APPLIED",
      absl::StrCat(plan.name(), " is applied by ", plan.application(),
                   "; a plan is applied once."),
      {{"plan", plan.name()}, {"run", plan.application()}});
}

}  // namespace

absl::StatusOr<v1::Run> FindReadyPlan(const RunName& plan, absl::Time now,
                                      const RunReader& runs,
                                      const rollcall::store::Reader& rows) {
  const std::string name = plan.ToString();
  ASSIGN_OR_RETURN(absl::optional<v1::Run> run,
                   runs.FindRun(plan.directory().id(), plan.id()));
  if (!run.has_value()) {
    return NotFound("RUN_NOT_FOUND",
                    absl::StrCat("There is no run ", name, "."),
                    {{"run", name}});
  }
  if (run->state() != v1::Run::PLANNED) {
    const std::string state = v1::Run::State_Name(run->state());
    return FailedPrecondition(
        "PLAN_NOT_READY",
        absl::StrCat(name, " is no plan that is ready; it is ", state, "."),
        {{"plan", name}, {"state", state}});
  }
  if (FromTimestamp(run->expire_time()) <= now) {
    return FailedPrecondition("PLAN_EXPIRED",
                              absl::StrCat(name, " is too old; plan anew."),
                              {{"plan", name}});
  }
  ASSIGN_OR_RETURN(const absl::optional<store::PlanRow> row,
                   FindPlan(plan, rows));
  if (row.has_value()) return *std::move(run);
  return FailedPrecondition(
      "PLAN_DROPPED",
      absl::StrCat("What ", name, " would do is not kept any more."),
      {{"plan", name}});
}

absl::StatusOr<v1::Run> StartApplication(const RunName& plan,
                                         const std::string& run_id,
                                         absl::Time now, IdentityStore& store) {
  const std::string& directory = plan.directory().id();
  const RunName name(plan.directory(), run_id);
  ASSIGN_OR_RETURN(auto transaction, store.Begin(plan.account().id()));
  ASSIGN_OR_RETURN(absl::optional<v1::Run> known,
                   transaction->runs().FindRun(directory, plan.id()));
  if (known.has_value()) {
    RETURN_IF_ERROR(CheckNotApplied(*known, transaction->runs()));
  }
  ASSIGN_OR_RETURN(
      v1::Run planned,
      FindReadyPlan(plan, now, transaction->runs(), transaction->reader()));
  if (planned.username_normalization_assumed()) {
    return FailedPrecondition(
        "PLAN_ASSUMES",
        absl::StrCat(planned.name(),
                     " assumes another form of usernames than the directory "
                     "has. Switch the directory, then plan anew."),
        {{"plan", planned.name()}});
  }
  RETURN_IF_ERROR(CheckMayStart(name, *transaction));

  v1::Run run = NewRun(name, v1::Run::PLAN, now);
  run.set_plan(planned.name());
  RETURN_IF_ERROR(PutNewRun(name, run, now, *transaction));
  PutRunning(name, *transaction);
  planned.set_application(run.name());
  store::RunRow row;
  *row.mutable_run() = std::move(planned);
  transaction->Put(keys::Run(directory, plan.id()), row);
  RETURN_IF_ERROR(transaction->Commit());
  return run;
}

}  // namespace rollcall::reconciliation
