// The methods about plans and undoing (B1, B5).
#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/rpc/paging.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/plan_requests.h"
#include "services/reconciliation/plan_rows.h"
#include "services/reconciliation/planned_change.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_reverting.h"
#include "services/reconciliation/run_scope.h"
#include "services/reconciliation/service.h"

namespace rollcall::reconciliation {
namespace {

void SetKinds(const std::vector<PlannedKind>& kinds,
              v1::PlannedChange* change) {
  for (const PlannedKind kind : kinds) {
    change->add_kinds(static_cast<v1::PlannedChange::Kind>(kind));
  }
}

void ShowUser(const store::PlannedRow& row, const RunName& plan,
              const MailOptions& mail, v1::PlannedChange* change) {
  const std::string& account = plan.account().id();
  absl::optional<User> before;
  if (row.has_user_before()) {
    before = FromRow(row.user_id(), row.user_before());
    *change->mutable_user_before() = ToMessage(*before, account);
  }
  const User after = FromRow(row.user_id(), row.user_after());
  *change->mutable_user_after() = ToMessage(after, account);
  SetKinds(KindsOf(before.has_value() ? &*before : nullptr, after,
                   plan.directory().id()),
           change);
  change->set_enrollment_mail_due(IsMailDue(after, mail));
}

void ShowGroup(const store::PlannedRow& row, const RunName& plan,
               v1::PlannedChange* change) {
  const std::string& account = plan.account().id();
  absl::optional<Group> before;
  if (row.has_group_before()) {
    before = FromRow(row.group_id(), row.group_before());
    *change->mutable_group_before() = ToMessage(*before, account);
  }
  const Group after = FromRow(row.group_id(), row.group_after());
  *change->mutable_group_after() = ToMessage(after, account);
  SetKinds(KindsOf(before.has_value() ? &*before : nullptr, after,
                   plan.directory().id()),
           change);
}

v1::PlannedChange ToMessage(const store::PlannedRow& row, const RunName& plan,
                            const MailOptions& mail) {
  v1::PlannedChange change;
  if (row.user_id().empty()) {
    ShowGroup(row, plan, &change);
  } else {
    ShowUser(row, plan, mail, &change);
  }
  absl::btree_set<std::string> known;
  for (const v1::ChangeEvent& event : row.events()) {
    if (known.insert(event.rule()).second) change.add_rules(event.rule());
    if (event.has_evidence()) *change.mutable_evidence() = event.evidence();
  }
  return change;
}

// Nothing is read for an undoing, so that the directory may be in any other
// state.
absl::Status CheckNotDeleted(const directory::v1::Directory& directory) {
  if (directory.state() != directory::v1::Directory::DELETED) {
    return absl::OkStatus();
  }
  return FailedPrecondition(
      "DIRECTORY_DELETED",
      absl::StrCat(directory.name(),
                   " was deleted: nothing that it has done is undone."),
      {{"directory", directory.name()}});
}

}  // namespace

absl::StatusOr<v1::ListPlannedChangesResponse>
ReconciliationServiceImpl::ListPlannedChanges(
    const v1::ListPlannedChangesRequest& request) {
  ASSIGN_OR_RETURN(const RunName name, RunName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const int page_size,
                   rpc::ResolvePageSize(request.page_size()));
  const std::string scope =
      absl::StrCat("ListPlannedChanges ", request.parent());
  ASSIGN_OR_RETURN(const std::string after,
                   rpc::ReadPageToken(scope, request.page_token()));
  RETURN_IF_ERROR(FindReadyPlan(name, options_.clock.TimeNow(),
                                options_.store.Runs(name.account().id()),
                                options_.store.rows())
                      .status());
  ASSIGN_OR_RETURN(const absl::optional<store::PlanRow> plan,
                   FindPlan(name, options_.store.rows()));
  v1::ListPlannedChangesResponse response;
  if (!plan.has_value()) return response;  // Dropped meanwhile.
  const MailOptions mail{
      .directory = name.directory().id(),
      .enrollment_mail = plan->scope().enrollment_mail_enabled(),
      .phone_import = plan->scope().phone_import_enabled()};
  ASSIGN_OR_RETURN(const std::vector<ListedChange> changes,
                   ListPlanned(name, after, page_size, options_.store.rows()));
  rpc::PageRoom room(page_size);
  std::string last;
  bool is_full = static_cast<int>(changes.size()) == page_size;
  for (const ListedChange& change : changes) {
    v1::PlannedChange shown = ToMessage(change.row, name, mail);
    if (!room.Take(shown.ByteSizeLong())) {
      is_full = true;
      break;
    }
    *response.add_planned_changes() = std::move(shown);
    last = change.key;
  }
  if (is_full) {
    response.set_next_page_token(rpc::MakePageToken(scope, last));
  }
  return response;
}

absl::StatusOr<v1::Run> ReconciliationServiceImpl::ApplyPlan(
    const v1::ApplyPlanRequest& request) {
  ASSIGN_OR_RETURN(const RunName name, RunName::Parse(request.name()));
  ASSIGN_OR_RETURN(const directory::v1::Directory directory,
                   options_.directory.GetDirectory(name.directory()));
  RETURN_IF_ERROR(CheckReady(directory));
  ASSIGN_OR_RETURN(v1::Run run,
                   StartApplication(name, options_.make_id(),
                                    options_.clock.TimeNow(), options_.store));
  options_.on_run_started();
  return run;
}

absl::StatusOr<v1::Run> ReconciliationServiceImpl::RevertRun(
    const v1::RevertRunRequest& request) {
  ASSIGN_OR_RETURN(const RunName name, RunName::Parse(request.name()));
  ASSIGN_OR_RETURN(const directory::v1::Directory directory,
                   options_.directory.GetDirectory(name.directory()));
  RETURN_IF_ERROR(CheckNotDeleted(directory));
  ASSIGN_OR_RETURN(v1::Run run,
                   StartRevert(name, options_.make_id(), ScopeOf(directory),
                               options_.clock.TimeNow(), options_.store));
  options_.on_run_started();
  return run;
}

}  // namespace rollcall::reconciliation
