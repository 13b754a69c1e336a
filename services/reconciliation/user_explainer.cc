#include "services/reconciliation/user_explainer.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/rpc/paging.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/access_reader.h"
#include "services/reconciliation/identity_reader.h"
#include "services/reconciliation/source_records.h"
#include "services/reconciliation/upcoming_changes.h"
#include "services/reconciliation/user_errors.h"
#include "services/reconciliation/user_history.h"
#include "services/reconciliation/user_view.h"

namespace rollcall::reconciliation {
namespace {

// How far back the last answer of the source is looked for.
constexpr int kEventsLookedThrough = 1000;

// The page begins before this sequence.
absl::StatusOr<int64_t> ReadBefore(const std::string& scope,
                                   const std::string& token) {
  ASSIGN_OR_RETURN(const std::string text, rpc::ReadPageToken(scope, token));
  int64_t before = std::numeric_limits<int64_t>::max();
  if (!text.empty() && !absl::SimpleAtoi(text, &before)) {
    return InvalidArgument("PAGE_TOKEN_INVALID",
                           "The page token is not one of this method.",
                           {{"field", "page_token"}});
  }
  return before;
}

// What the source says of the object now.
v1::ScopeExplanation AskSource(const DirectoryName& name, const Claim& claim,
                               DirectoryClient& client) {
  v1::ScopeExplanation scope;
  scope.set_directory(name.ToString());
  scope.set_current(true);
  directory::v1::ReadSourceUserRequest request;
  request.set_name(name.ToString());
  request.set_source_id(claim.source_id);
  absl::StatusOr<directory::v1::ReadSourceUserResponse> answer =
      client.ReadSourceUser(request);
  absl::StatusOr<SourceView> view =
      answer.ok() ? ReadSourceView(*answer, {}) : answer.status();
  if (view.ok()) {
    *scope.mutable_evidence() = view->evidence;
  } else {
    scope.set_error(std::string(view.status().message()));
  }
  return scope;
}

// The newest answers of the source that the history keeps, by directory.
absl::StatusOr<absl::flat_hash_map<std::string, v1::Evidence>> LastAnswers(
    const UserHistory& history) {
  absl::flat_hash_map<std::string, v1::Evidence> answers;
  RETURN_IF_ERROR(history.VisitNewest(
      kEventsLookedThrough, [&](const v1::ChangeEvent& event) {
        if (!event.has_evidence()) return true;
        const absl::StatusOr<RunName> run = RunName::Parse(event.run());
        if (run.ok()) {
          answers.try_emplace(run->directory().id(), event.evidence());
        }
        return true;
      }));
  return answers;
}

absl::Status AddScopes(const User& user, const AccountName& account,
                       bool read_source, const UserHistory& history,
                       DirectoryClient& client,
                       v1::ExplainUserResponse* response) {
  if (user.claims.empty()) return absl::OkStatus();
  absl::flat_hash_map<std::string, v1::Evidence> answers;
  if (!read_source) {
    ASSIGN_OR_RETURN(answers, LastAnswers(history));
  }
  for (const Claim& claim : user.claims) {
    const DirectoryName name(account, claim.directory);
    if (read_source) {
      *response->add_scopes() = AskSource(name, claim, client);
      continue;
    }
    const auto known = answers.find(claim.directory);
    if (known == answers.end()) continue;
    v1::ScopeExplanation& scope = *response->add_scopes();
    scope.set_directory(name.ToString());
    *scope.mutable_evidence() = known->second;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::ExplainUserResponse> UserExplainer::Explain(
    const v1::ExplainUserRequest& request) const {
  ASSIGN_OR_RETURN(const UserName name, UserName::Parse(request.name()));
  const AccountName& account = name.account();
  ASSIGN_OR_RETURN(const int page_size,
                   rpc::ResolvePageSize(request.page_size()));
  const std::string page = absl::StrCat("ExplainUser ", request.name());
  ASSIGN_OR_RETURN(const int64_t before,
                   ReadBefore(page, request.page_token()));

  const auto snapshot = options_.store.Snapshot();
  const IdentityReader identities(*snapshot, account.id());
  const UserHistory history(*snapshot, account.id(),
                            options_.store.incarnation(), name.id());
  v1::ExplainUserResponse response;
  ASSIGN_OR_RETURN(std::vector<v1::HistoryEntry> entries,
                   history.Before(before, page_size));
  rpc::PageRoom room(page_size);
  bool is_full = static_cast<int>(entries.size()) == page_size;
  for (v1::HistoryEntry& entry : entries) {
    if (!room.Take(entry.ByteSizeLong())) {
      is_full = true;
      break;
    }
    *response.add_history() = std::move(entry);
  }
  if (is_full) {
    const int64_t last = response.history().rbegin()->sequence();
    response.set_next_page_token(rpc::MakePageToken(page, absl::StrCat(last)));
  }

  ASSIGN_OR_RETURN(const absl::optional<UserRecord> record,
                   identities.FindUser(name.id()));
  if (!record.has_value()) {
    const bool is_unknown =
        response.history().empty() && request.page_token().empty();
    if (is_unknown) return UserNotFound(request.name());
    return response;
  }
  const User& user = record->user;
  ASSIGN_OR_RETURN(*response.mutable_user(),
                   ShowUser(user, account.id(), identities));
  ASSIGN_OR_RETURN(const AccessReading access,
                   ReadAccess(user.username, identities));
  *response.mutable_access() = ShowAccess(access.known, account.id());
  RETURN_IF_ERROR(AddScopes(user, account, request.read_source(), history,
                            options_.directory, &response));
  std::vector<ManagingDirectory> directories;
  for (const Claim& claim : user.claims) {
    const DirectoryName directory(account, claim.directory);
    directories.push_back(
        {directory, options_.directory.GetDirectory(directory)});
  }
  ASSIGN_OR_RETURN(std::vector<v1::UpcomingChange> upcoming,
                   UpcomingChanges({.reader = *snapshot,
                                    .account = account,
                                    .user = user,
                                    .directories = directories,
                                    .trash_retention = options_.trash_retention,
                                    .now = options_.clock.TimeNow()}));
  for (v1::UpcomingChange& change : upcoming) {
    *response.add_upcoming_changes() = std::move(change);
  }
  return response;
}

}  // namespace rollcall::reconciliation
