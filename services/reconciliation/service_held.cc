// The methods about what the guard holds (B2).
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/rpc/paging.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/held_batches.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/run_scope.h"
#include "services/reconciliation/service.h"

namespace rollcall::reconciliation {
namespace {

// With our ids of the selected groups that the tenant does not know any more:
// nobody is removed for them (A7).
absl::StatusOr<store::ScopeRow> ScopeWithMissing(
    const directory::v1::Directory& directory, const DirectoryName& name,
    const IdentityReader& identities) {
  store::ScopeRow scope = ScopeOf(directory);
  ASSIGN_OR_RETURN(const std::vector<GroupRecord> groups,
                   identities.GroupsOfDirectory(name.id()));
  for (const auto& selected : directory.selected_groups()) {
    if (!selected.missing()) continue;
    for (const GroupRecord& record : groups) {
      if (record.group.source_id == selected.source_id()) {
        scope.add_missing_groups(record.group.id);
      }
    }
  }
  return scope;
}

}  // namespace

absl::StatusOr<v1::HeldBatch> ReconciliationServiceImpl::MustFindBatch(
    const HeldBatchName& name) const {
  ASSIGN_OR_RETURN(absl::optional<v1::HeldBatch> batch,
                   FindBatch(options_.store.rows(), name));
  if (batch.has_value()) return *std::move(batch);
  return NotFound("BATCH_NOT_FOUND",
                  absl::StrCat("There is no held batch ", name.ToString(), "."),
                  {{"batch", name.ToString()}});
}

absl::StatusOr<v1::HeldBatch> ReconciliationServiceImpl::GetHeldBatch(
    const v1::GetHeldBatchRequest& request) {
  ASSIGN_OR_RETURN(const HeldBatchName name,
                   HeldBatchName::Parse(request.name()));
  return MustFindBatch(name);
}

absl::StatusOr<v1::ListHeldBatchesResponse>
ReconciliationServiceImpl::ListHeldBatches(
    const v1::ListHeldBatchesRequest& request) {
  ASSIGN_OR_RETURN(const DirectoryName directory,
                   DirectoryName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const int page_size,
                   rpc::ResolvePageSize(request.page_size()));
  const std::string scope = absl::StrCat("ListHeldBatches ", request.parent());
  ASSIGN_OR_RETURN(const std::string after,
                   rpc::ReadPageToken(scope, request.page_token()));
  ASSIGN_OR_RETURN(std::vector<v1::HeldBatch> batches,
                   ListBatches(options_.store, directory, after, page_size));
  v1::ListHeldBatchesResponse response;
  for (v1::HeldBatch& batch : batches) {
    *response.add_held_batches() = std::move(batch);
  }
  if (response.held_batches_size() == page_size) {
    ASSIGN_OR_RETURN(
        const HeldBatchName last,
        HeldBatchName::Parse(response.held_batches(page_size - 1).name()));
    response.set_next_page_token(rpc::MakePageToken(scope, last.id));
  }
  return response;
}

absl::StatusOr<v1::ListHeldChangesResponse>
ReconciliationServiceImpl::ListHeldChanges(
    const v1::ListHeldChangesRequest& request) {
  ASSIGN_OR_RETURN(const HeldBatchName name,
                   HeldBatchName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const int page_size,
                   rpc::ResolvePageSize(request.page_size()));
  const std::string scope = absl::StrCat("ListHeldChanges ", request.parent());
  ASSIGN_OR_RETURN(const std::string after,
                   rpc::ReadPageToken(scope, request.page_token()));
  ASSIGN_OR_RETURN(const v1::HeldBatch batch, MustFindBatch(name));
  v1::ListHeldChangesResponse response;
  if (batch.state() != v1::HeldBatch::HELD) return response;
  ASSIGN_OR_RETURN(std::vector<HeldUser> users,
                   ListHeldUsers(options_.store, name.directory, batch.danger(),
                                 after, page_size));
  const AccountName& account = name.directory.account();
  const IdentityReader identities = options_.store.Identities(account.id());
  rpc::PageRoom room(page_size);
  std::string last;
  bool is_full = static_cast<int>(users.size()) == page_size;
  for (const HeldUser& held : users) {
    v1::HeldChange change;
    if (batch.danger() != v1::HeldBatch::MEMBERS_REMOVED) {
      change.set_source_id(held.source_id);
    }
    change.set_user(UserName(account, held.row.user_id()).ToString());
    ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                     identities.FindUser(held.row.user_id()));
    if (record.has_value()) change.set_username(record->user.username);
    for (const std::string& group : held.row.leave_groups()) {
      change.add_leaving_groups(GroupName(account, group).ToString());
    }
    if (!room.Take(change.ByteSizeLong())) {
      is_full = true;
      break;
    }
    *response.add_held_changes() = std::move(change);
    last = held.source_id;
  }
  if (is_full) {
    response.set_next_page_token(rpc::MakePageToken(scope, last));
  }
  return response;
}

absl::StatusOr<v1::Run> ReconciliationServiceImpl::ApproveHeldBatch(
    const v1::ApproveHeldBatchRequest& request, const std::string& approver) {
  ASSIGN_OR_RETURN(const HeldBatchName name,
                   HeldBatchName::Parse(request.name()));
  RETURN_IF_ERROR(MustFindBatch(name).status());
  ASSIGN_OR_RETURN(const directory::v1::Directory directory,
                   options_.directory.GetDirectory(name.directory));
  RETURN_IF_ERROR(CheckReady(directory));
  ASSIGN_OR_RETURN(const store::ScopeRow scope,
                   ScopeWithMissing(directory, name.directory,
                                    options_.store.Identities(
                                        name.directory.account().id())));
  ASSIGN_OR_RETURN(v1::Run run,
                   StartApproved({.batch = name,
                                  .approver = approver,
                                  .change_count = request.change_count(),
                                  .scope = scope},
                                 options_.make_id(), options_.clock.TimeNow(),
                                 options_.store));
  options_.on_run_started();
  return run;
}

}  // namespace rollcall::reconciliation
