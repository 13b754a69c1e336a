#include "services/reconciliation/user_service.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/identity/values.h"
#include "common/rpc/paging.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/access_decision.h"
#include "services/reconciliation/records.h"

namespace rollcall::reconciliation {
namespace {

absl::Status UserNotFound(const std::string& name) {
  return NotFound("USER_NOT_FOUND",
                  absl::StrCat("There is no user ", name, "."),
                  {{"user", name}});
}

absl::Status GroupNotFound(const std::string& name) {
  return NotFound("GROUP_NOT_FOUND",
                  absl::StrCat("There is no group ", name, "."),
                  {{"group", name}});
}

absl::Status GroupLost(const UserRecord& record, const std::string& group) {
  return DataLoss("GROUP_UNKNOWN",
                  absl::StrCat("User ", record.user.id, " is in the group ",
                               group, ", which does not exist."),
                  {{"user", record.user.id}, {"group", group}});
}

// One page: how many, and after which id.
struct Page {
  std::string scope;
  int size = 0;
  std::string after;
};

template <typename Request>
absl::StatusOr<Page> ReadPage(const char* method, const Request& request) {
  Page page;
  page.scope = absl::StrCat(method, " ", request.parent());
  ASSIGN_OR_RETURN(page.size, rpc::ResolvePageSize(request.page_size()));
  ASSIGN_OR_RETURN(page.after,
                   rpc::ReadPageToken(page.scope, request.page_token()));
  return page;
}

// Leads on if the page is full.
template <typename Response>
void SetNextPage(const Page& page, size_t found, const std::string& last,
                 Response* response) {
  if (static_cast<int>(found) < page.size) return;
  response->set_next_page_token(rpc::MakePageToken(page.scope, last));
}

v1::CheckAccessResponse::Decision ToMessage(Access access) {
  switch (access) {
    case Access::kAllow:
      return v1::CheckAccessResponse::ALLOW;
    case Access::kAllowBypass:
      return v1::CheckAccessResponse::ALLOW_BYPASS;
    case Access::kEnrollFirst:
      return v1::CheckAccessResponse::ENROLL_FIRST;
    case Access::kRefuse:
      return v1::CheckAccessResponse::REFUSE;
  }
  return v1::CheckAccessResponse::DECISION_UNSPECIFIED;
}

}  // namespace

absl::StatusOr<v1::User> UserServiceImpl::GetUser(
    const v1::GetUserRequest& request) const {
  ASSIGN_OR_RETURN(const UserName name, UserName::Parse(request.name()));
  const std::string& account = name.account().id();
  ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                   store_.Identities(account).FindUser(name.id()));
  if (!record.has_value()) return UserNotFound(request.name());
  return reconciliation::ToMessage(record->user, account);
}

absl::StatusOr<v1::ListUsersResponse> UserServiceImpl::ListUsers(
    const v1::ListUsersRequest& request) const {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const Page page, ReadPage("ListUsers", request));
  ASSIGN_OR_RETURN(
      const std::vector<User> users,
      store_.Identities(account.id()).ListUsers(page.after, page.size));
  v1::ListUsersResponse response;
  for (const User& user : users) {
    *response.add_users() = reconciliation::ToMessage(user, account.id());
  }
  SetNextPage(page, users.size(), users.empty() ? "" : users.back().id,
              &response);
  return response;
}

absl::StatusOr<v1::User> UserServiceImpl::LookupUser(
    const v1::LookupUserRequest& request) const {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const Username username,
                   Username::Parse(request.username()));
  ASSIGN_OR_RETURN(
      absl::optional<UserRecord> record,
      store_.Identities(account.id()).FindUserByUsername(username.value()));
  if (!record.has_value()) {
    return NotFound(
        "USER_NOT_FOUND",
        absl::StrCat("No user of ", request.parent(), " has the username ",
                     username.value(), "."),
        {{"account", request.parent()}, {"username", username.value()}});
  }
  return reconciliation::ToMessage(record->user, account.id());
}

absl::StatusOr<v1::Group> UserServiceImpl::GetGroup(
    const v1::GetGroupRequest& request) const {
  ASSIGN_OR_RETURN(const GroupName name, GroupName::Parse(request.name()));
  const std::string& account = name.account().id();
  ASSIGN_OR_RETURN(absl::optional<GroupRecord> record,
                   store_.Identities(account).FindGroup(name.id()));
  if (!record.has_value()) return GroupNotFound(request.name());
  return reconciliation::ToMessage(record->group, account);
}

absl::StatusOr<v1::ListGroupsResponse> UserServiceImpl::ListGroups(
    const v1::ListGroupsRequest& request) const {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const Page page, ReadPage("ListGroups", request));
  ASSIGN_OR_RETURN(
      const std::vector<Group> groups,
      store_.Identities(account.id()).ListGroups(page.after, page.size));
  v1::ListGroupsResponse response;
  for (const Group& group : groups) {
    *response.add_groups() = reconciliation::ToMessage(group, account.id());
  }
  SetNextPage(page, groups.size(), groups.empty() ? "" : groups.back().id,
              &response);
  return response;
}

absl::StatusOr<v1::ListGroupMembersResponse> UserServiceImpl::ListGroupMembers(
    const v1::ListGroupMembersRequest& request) const {
  ASSIGN_OR_RETURN(const GroupName name, GroupName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const Page page, ReadPage("ListGroupMembers", request));
  const IdentityReader identities = store_.Identities(name.account().id());
  ASSIGN_OR_RETURN(absl::optional<GroupRecord> group,
                   identities.FindGroup(name.id()));
  if (!group.has_value()) return GroupNotFound(request.parent());
  ASSIGN_OR_RETURN(const std::vector<std::string> members,
                   identities.ListMembers(name.id(), page.after, page.size));
  v1::ListGroupMembersResponse response;
  for (const std::string& member : members) {
    response.add_users(UserName(name.account(), member).ToString());
  }
  SetNextPage(page, members.size(), members.empty() ? "" : members.back(),
              &response);
  return response;
}

absl::StatusOr<v1::CheckAccessResponse> UserServiceImpl::CheckAccess(
    const v1::CheckAccessRequest& request) const {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const Username username,
                   Username::Parse(request.username()));
  const IdentityReader identities = store_.Identities(account.id());
  ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                   identities.FindUserByUsername(username.value()));
  std::vector<Group> groups;
  if (record.has_value()) {
    for (const std::string& id : record->user.groups) {
      ASSIGN_OR_RETURN(absl::optional<GroupRecord> group,
                       identities.FindGroup(id));
      // It may be the one that shuts the user out (R53).
      if (!group.has_value()) return GroupLost(*record, id);
      groups.push_back(std::move(group->group));
    }
  }
  const AccessDecision decision =
      DecideAccess(record.has_value() ? &record->user : nullptr, groups);
  v1::CheckAccessResponse response;
  response.set_decision(ToMessage(decision.access));
  response.set_reason(decision.reason);
  response.set_rule(decision.rule);
  if (record.has_value()) {
    response.set_user(UserName(account, record->user.id).ToString());
  }
  if (!decision.group.empty()) {
    response.set_group(GroupName(account, decision.group).ToString());
  }
  return response;
}

absl::StatusOr<v1::PurgeUserResponse> UserServiceImpl::PurgeUser(
    const v1::PurgeUserRequest& request) {
  ASSIGN_OR_RETURN(const UserName name, UserName::Parse(request.name()));
  ASSIGN_OR_RETURN(auto transaction, store_.Begin(name.account().id()));
  ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                   transaction->identities().FindUser(name.id()));
  v1::PurgeUserResponse response;
  if (!record.has_value()) return response;
  const User& user = record->user;
  if (!user.pending_deletion() ||
      user.deletion_epoch != request.deletion_epoch()) {
    return FailedPrecondition(
        "DELETION_SUPERSEDED",
        absl::StrCat("Deletion ", request.deletion_epoch(), " of ",
                     request.name(), " no longer holds."),
        {{"user", request.name()},
         {"deletion_epoch", absl::StrCat(request.deletion_epoch())}});
  }
  RETURN_IF_ERROR(transaction->DeleteUser(user));
  v1::ChangeEvent event;
  *event.mutable_commit_time() = ToTimestamp(clock_.TimeNow());
  event.set_rule("R60");
  event.mutable_user_purge()->set_name(request.name());
  transaction->AppendEvent(std::move(event));
  RETURN_IF_ERROR(transaction->Commit());
  response.set_purged(true);
  return response;
}

}  // namespace rollcall::reconciliation
