#include "services/trash/service.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/feed/feed_position.h"
#include "common/identity/resource_name.h"
#include "common/rpc/paging.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/time/proto_time.h"
#include "services/trash/purge.h"
#include "services/trash/trash_clock.h"

namespace rollcall::trash {
namespace {

v1::TrashedUser ToMessage(const TrashedUserName& name, const TrashEntry& entry,
                          absl::Duration retention) {
  v1::TrashedUser user;
  user.set_name(name.ToString());
  user.set_user(UserName(name.account(), name.id()).ToString());
  user.set_username(entry.username);
  *user.mutable_delete_time() = ToTimestamp(entry.delete_time);
  *user.mutable_purge_time() = ToTimestamp(PurgeTimeOf(entry, retention));
  return user;
}

absl::StatusOr<TrashEntry> Load(const TrashStore& store,
                                const TrashedUserName& name) {
  ASSIGN_OR_RETURN(absl::optional<TrashEntry> entry,
                   store.Get(name.account(), name.id()));
  if (entry.has_value()) return *std::move(entry);
  return NotFound("TRASHED_USER_NOT_FOUND",
                  absl::StrCat(name.ToString(), " is not in the trash."),
                  {{"name", name.ToString()}});
}

}  // namespace

TrashServiceImpl::TrashServiceImpl(TrashStore& store,
                                   ReconciliationClient& reconciliation,
                                   absl::Duration retention, rpc::Edge edge)
    : store_(store),
      reconciliation_(reconciliation),
      retention_(retention),
      edge_(std::move(edge)) {}

absl::StatusOr<v1::ListTrashedUsersResponse> TrashServiceImpl::List(
    const v1::ListTrashedUsersRequest& request) const {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const int page_size,
                   rpc::ResolvePageSize(request.page_size()));
  const std::string scope =
      absl::StrCat("ListTrashedUsers ", account.ToString());
  ASSIGN_OR_RETURN(const std::string after,
                   rpc::ReadPageToken(scope, request.page_token()));
  ASSIGN_OR_RETURN(const TrashStore::Page page,
                   store_.List(account, after, page_size));

  v1::ListTrashedUsersResponse response;
  for (const auto& [user, entry] : page.entries) {
    *response.add_trashed_users() =
        ToMessage(TrashedUserName(account, user), entry, retention_);
  }
  if (page.has_more) {
    response.set_next_page_token(
        rpc::MakePageToken(scope, page.entries.back().user));
  }
  response.set_total_size(page.total);
  return response;
}

absl::StatusOr<v1::TrashedUser> TrashServiceImpl::Get(
    const v1::GetTrashedUserRequest& request) const {
  ASSIGN_OR_RETURN(const TrashedUserName name,
                   TrashedUserName::Parse(request.name()));
  ASSIGN_OR_RETURN(const TrashEntry entry, Load(store_, name));
  return ToMessage(name, entry, retention_);
}

absl::StatusOr<google::protobuf::Empty> TrashServiceImpl::Delete(
    const v1::DeleteTrashedUserRequest& request, const std::string& actor) {
  ASSIGN_OR_RETURN(const TrashedUserName name,
                   TrashedUserName::Parse(request.name()));
  ASSIGN_OR_RETURN(const TrashEntry entry, Load(store_, name));
  RETURN_IF_ERROR(Purge(store_, reconciliation_,
                        UserName(name.account(), name.id()), entry, actor));
  return google::protobuf::Empty();
}

absl::StatusOr<v1::ResyncFeedResponse> TrashServiceImpl::Resync(
    const v1::ResyncFeedRequest& request) {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  v1::ResyncFeedResponse response;
  ASSIGN_OR_RETURN(*response.mutable_lost(),
                   feed::RequestResync(account, store_.base()));
  return response;
}

}  // namespace rollcall::trash
