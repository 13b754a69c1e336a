#include "services/reconciliation/user_service.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/identity/values.h"
#include "common/rpc/paging.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/access_decision.h"
#include "services/reconciliation/access_reader.h"
#include "services/reconciliation/purge_proof.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/user_errors.h"
#include "services/reconciliation/user_view.h"

namespace rollcall::reconciliation {
namespace {

constexpr int kMaxBatch = 100;

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

// Whether the user has not come back since (R61).
bool IsOfDeletion(const User& user, const v1::PurgeUserRequest& request) {
  return user.pending_deletion() &&
         user.deletion_epoch == request.deletion_epoch();
}

absl::StatusOr<absl::optional<UserRecord>> FindByUsername(
    const std::string& text, const IdentityReader& identities) {
  ASSIGN_OR_RETURN(const Username username, Username::Parse(text));
  return identities.FindUserByUsername(username.value());
}

absl::StatusOr<absl::optional<UserRecord>> FindBySource(
    const v1::SourceObject& source, const AccountName& account,
    const IdentityReader& identities) {
  ASSIGN_OR_RETURN(const DirectoryName directory,
                   DirectoryName::Parse(source.directory()));
  ASSIGN_OR_RETURN(const ObjectId object, ObjectId::Parse(source.source_id()));
  if (directory.account() != account) {
    return InvalidArgument(
        "ACCOUNT_MISMATCH",
        absl::StrCat(source.directory(), " is not a directory of ",
                     account.ToString(), "."),
        {{"field", "source.directory"},
         {"directory", source.directory()},
         {"account", account.ToString()}});
  }
  return identities.FindUserBySource(directory.id(), object.value());
}

}  // namespace

absl::StatusOr<v1::User> UserServiceImpl::GetUser(
    const v1::GetUserRequest& request) const {
  ASSIGN_OR_RETURN(const UserName name, UserName::Parse(request.name()));
  const std::string& account = name.account().id();
  const auto snapshot = store_.Snapshot();
  const IdentityReader identities(*snapshot, account);
  ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                   identities.FindUser(name.id()));
  if (!record.has_value()) return UserNotFound(request.name());
  return ShowUser(record->user, account, identities);
}

absl::StatusOr<v1::ListUsersResponse> UserServiceImpl::ListUsers(
    const v1::ListUsersRequest& request) const {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const Page page, ReadPage("ListUsers", request));
  v1::ListUsersResponse response;
  std::string last;
  rpc::PageRoom room(page.size);
  RETURN_IF_ERROR(store_.Identities(account.id())
                      .VisitUsers(page.after, [&](const User& user) {
                        v1::User shown = ShowListedUser(user, account.id());
                        if (!room.Take(shown.ByteSizeLong())) {
                          response.set_next_page_token(
                              rpc::MakePageToken(page.scope, last));
                          return false;
                        }
                        last = user.id;
                        *response.add_users() = std::move(shown);
                        return true;
                      }));
  return response;
}

absl::StatusOr<v1::User> UserServiceImpl::LookupUser(
    const v1::LookupUserRequest& request) const {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  const auto snapshot = store_.Snapshot();
  const IdentityReader identities(*snapshot, account.id());
  ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                   request.has_source()
                       ? FindBySource(request.source(), account, identities)
                       : FindByUsername(request.username(), identities));
  if (!record.has_value()) {
    const std::string key = request.has_source()
                                ? request.source().source_id()
                                : absl::AsciiStrToLower(request.username());
    return NotFound(
        "USER_NOT_FOUND",
        absl::StrCat("No user of ", request.parent(), " is ", key, "."),
        {{"account", request.parent()}, {"key", key}});
  }
  return ShowUser(record->user, account.id(), identities);
}

absl::StatusOr<v1::Group> UserServiceImpl::GetGroup(
    const v1::GetGroupRequest& request) const {
  ASSIGN_OR_RETURN(const GroupName name, GroupName::Parse(request.name()));
  const std::string& account = name.account().id();
  ASSIGN_OR_RETURN(absl::optional<GroupRecord> record,
                   store_.Identities(account).FindGroup(name.id()));
  if (!record.has_value()) return GroupNotFound(request.name());
  return ShowGroup(record->group, account);
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
    *response.add_groups() = ShowGroup(group, account.id());
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
  if (cache_ != nullptr) {
    const auto known = cache_->Find(account.id(), username.value());
    if (known.has_value()) return ShowAccess(*known, account.id());
  }
  // Before the snapshot: what is read from it may be old by the time it is to
  // be kept.
  const uint64_t commits = cache_ == nullptr ? 0 : cache_->commits();
  const auto snapshot = store_.Snapshot();
  ASSIGN_OR_RETURN(
      const AccessReading reading,
      ReadAccess(username.value(), IdentityReader(*snapshot, account.id())));
  if (cache_ != nullptr && !reading.known.user_id.empty()) {
    cache_->Keep(commits, account.id(), username.value(), reading.known,
                 reading.groups);
  }
  return ShowAccess(reading.known, account.id());
}

absl::StatusOr<v1::BatchCheckAccessResponse> UserServiceImpl::BatchCheckAccess(
    const v1::BatchCheckAccessRequest& request) const {
  if (request.usernames().empty() || request.usernames_size() > kMaxBatch) {
    return InvalidArgument(
        "BATCH_SIZE_INVALID",
        absl::StrCat("A batch has 1 to ", kMaxBatch, " usernames."),
        {{"field", "usernames"}, {"limit", absl::StrCat(kMaxBatch)}});
  }
  v1::BatchCheckAccessResponse response;
  v1::CheckAccessRequest single;
  single.set_parent(request.parent());
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  for (const std::string& username : request.usernames()) {
    // Nobody has a name that cannot be one; the others have their answers.
    if (!Username::Parse(username).ok()) {
      const KnownAccess nobody = {.decision = DecideAccess(nullptr, {})};
      *response.add_answers() = ShowAccess(nobody, account.id());
      continue;
    }
    single.set_username(username);
    ASSIGN_OR_RETURN(*response.add_answers(), CheckAccess(single));
  }
  return response;
}

absl::StatusOr<v1::Usage> UserServiceImpl::GetUsage(
    const v1::GetUsageRequest& request) const {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const store::UsageRow row,
                   store_.Identities(account.id()).Usage());
  v1::Usage usage;
  usage.set_billable_user_count(row.active_users() + row.bypass_users() +
                                row.disabled_users());
  usage.set_active_user_count(row.active_users());
  usage.set_bypass_user_count(row.bypass_users());
  usage.set_disabled_user_count(row.disabled_users());
  usage.set_pending_deletion_user_count(row.pending_deletion_users());
  return usage;
}

// Nothing of the user is kept: whoever comes back is somebody new (R64).
absl::StatusOr<v1::PurgeUserResponse> UserServiceImpl::PurgeUser(
    const v1::PurgeUserRequest& request) {
  ASSIGN_OR_RETURN(const UserName name, UserName::Parse(request.name()));
  const bool is_by_hand = !request.actor().empty();
  absl::optional<v1::Evidence> evidence;
  if (!is_by_hand) {
    ASSIGN_OR_RETURN(
        const absl::optional<UserRecord> known,
        store_.Identities(name.account().id()).FindUser(name.id()));
    if (known.has_value() && IsOfDeletion(known->user, request)) {
      ASSIGN_OR_RETURN(evidence, ProveAbsence(name, known->user, directory_));
    }
  }
  ASSIGN_OR_RETURN(auto transaction, store_.Begin(name.account().id()));
  ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                   transaction->identities().FindUser(name.id()));
  v1::PurgeUserResponse response;
  if (!record.has_value()) return response;
  const User& user = record->user;
  if (!IsOfDeletion(user, request)) {
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
  if (evidence.has_value()) *event.mutable_evidence() = *evidence;
  event.set_rule(is_by_hand ? "R62" : "R60");
  event.set_actor(request.actor());
  event.mutable_user_purge()->set_name(request.name());
  transaction->AppendEvent(std::move(event));
  RETURN_IF_ERROR(transaction->Commit());
  response.set_purged(true);
  return response;
}

}  // namespace rollcall::reconciliation
