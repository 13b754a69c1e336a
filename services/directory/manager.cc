#include "services/directory/manager.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/crypto/digest.h"
#include "common/rpc/paging.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/time/proto_time.h"
#include "services/directory/directory_config.h"
#include "services/directory/directory_health.h"
#include "services/directory/directory_messages.h"
#include "services/directory/group_search.h"
#include "services/directory/phone.h"

namespace rollcall::directory {
namespace {

using store::StoredDirectory;

constexpr absl::string_view kAllAccounts = "accounts/-";

absl::Status CheckRegion(const DirectoryConfig& config) {
  if (config.default_region_code.empty() ||
      IsPhoneRegion(config.default_region_code)) {
    return absl::OkStatus();
  }
  return InvalidArgument("REGION_INVALID",
                         absl::StrCat("No phone numbers are known of a region ",
                                      config.default_region_code, "."),
                         {{"field", "directory.default_region_code"}});
}

absl::StatusOr<DirectoryName> NameFor(
    const v1::CreateDirectoryRequest& request) {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  if (request.directory_id().empty()) {
    return DirectoryName(account, RandomId());
  }
  RETURN_IF_ERROR(ValidateId(request.directory_id(), "directory_id"));
  return DirectoryName(account, request.directory_id());
}

// Of the same account: a connection of somebody else's must not be usable.
absl::StatusOr<ConnectionName> ConnectionFor(const AccountName& account,
                                             absl::string_view text) {
  ASSIGN_OR_RETURN(ConnectionName connection, ConnectionName::Parse(text));
  if (connection.account() == account) return connection;
  return InvalidArgument(
      "CONNECTION_OF_ANOTHER_ACCOUNT",
      absl::StrCat("The connection of a directory of ", account.ToString(),
                   " must be of that account too."),
      {{"field", "directory.connection"}});
}

absl::Status CheckEtag(const DirectoryName& name, const std::string& etag,
                       const StoredDirectory& current) {
  if (etag.empty() || etag == EtagOf(current)) return absl::OkStatus();
  return Aborted("ETAG_MISMATCH",
                 absl::StrCat(name.ToString(),
                              " was changed since; get it again and decide "
                              "anew."),
                 {{"directory", name.ToString()}, {"etag", EtagOf(current)}});
}

}  // namespace

DirectoryManager::DirectoryManager(rollcall::store::Store& store,
                                   AuthorizationClient& authorization,
                                   GraphClient& graph, Clock& clock)
    : store_(store),
      directories_(store),
      view_(directories_, authorization),
      graph_(graph),
      clock_(clock) {}

absl::StatusOr<v1::Directory> DirectoryManager::Create(
    const v1::CreateDirectoryRequest& request) {
  ASSIGN_OR_RETURN(const DirectoryName name, NameFor(request));
  ASSIGN_OR_RETURN(DirectoryConfig config, ConfigOf(request.directory()));
  ASSIGN_OR_RETURN(config, Validate(std::move(config)));
  RETURN_IF_ERROR(CheckRegion(config));
  ASSIGN_OR_RETURN(const ConnectionName connection,
                   ConnectionFor(name.account(), config.connection));
  RETURN_IF_ERROR(view_.CheckConnected(connection));  // R5

  StoredDirectory directory;
  directory.set_directory_id(name.id());
  SetConfig(config, directory);
  directory.set_directory_key(RandomId());
  directory.set_revision(1);
  *directory.mutable_create_time() = ToTimestamp(clock_.TimeNow());
  *directory.mutable_update_time() = directory.create_time();
  if (request.validate_only()) {
    RETURN_IF_ERROR(directories_.CheckFree(name));
  } else {
    RETURN_IF_ERROR(directories_.Insert(name, directory));
  }
  return view_.Show(name.account(), directory);
}

absl::StatusOr<v1::Directory> DirectoryManager::Get(
    const v1::GetDirectoryRequest& request) {
  ASSIGN_OR_RETURN(const DirectoryName name,
                   DirectoryName::Parse(request.name()));
  ASSIGN_OR_RETURN(const StoredDirectory directory, directories_.Get(name));
  return view_.Show(name.account(), directory);
}

absl::StatusOr<v1::ListDirectoriesResponse> DirectoryManager::List(
    const v1::ListDirectoriesRequest& request, bool is_service) {
  const bool all = request.parent() == kAllAccounts;
  if (all && !is_service) {
    return PermissionDenied("SERVICES_ONLY",
                            "Only services may list across accounts.");
  }
  ASSIGN_OR_RETURN(const int page_size,
                   rpc::ResolvePageSize(request.page_size()));
  const std::string scope =
      absl::StrCat("ListDirectories/", request.parent(),
                   request.show_deleted() ? "/with-deleted" : "");
  ASSIGN_OR_RETURN(const std::string after,
                   rpc::ReadPageToken(scope, request.page_token()));
  // A token leads on after `{account}/{directory}`.
  std::pair<std::string, std::string> place =
      absl::StrSplit(after, absl::MaxSplits('/', 1));
  auto& [account_id, after_directory] = place;
  if (!all) {
    ASSIGN_OR_RETURN(const AccountName account,
                     AccountName::Parse(request.parent()));
    account_id = account.id();
  }

  v1::ListDirectoriesResponse response;
  std::string last = after;
  std::vector<std::string> accounts;
  if (!account_id.empty()) accounts.push_back(account_id);
  while (true) {
    for (const std::string& id : accounts) {
      // One more than there is room for tells whether there is a next page.
      const int room = page_size - response.directories_size();
      ASSIGN_OR_RETURN(const std::vector<StoredDirectory> directories,
                       directories_.List(AccountName(id), after_directory,
                                         request.show_deleted(), room + 1));
      for (const StoredDirectory& directory : directories) {
        if (response.directories_size() == page_size) {
          response.set_next_page_token(rpc::MakePageToken(scope, last));
          return response;
        }
        ASSIGN_OR_RETURN(*response.add_directories(),
                         view_.Show(AccountName(id), directory));
        last = absl::StrCat(id, "/", directory.directory_id());
      }
      after_directory.clear();
      account_id = id;
    }
    if (!all) return response;
    ASSIGN_OR_RETURN(accounts, directories_.ListAccounts(account_id, 100));
    if (accounts.empty()) return response;
  }
}

absl::StatusOr<v1::Directory> DirectoryManager::Update(
    const v1::UpdateDirectoryRequest& request) {
  ASSIGN_OR_RETURN(const DirectoryName name,
                   DirectoryName::Parse(request.directory().name()));
  ASSIGN_OR_RETURN(const StoredDirectory before, directories_.GetLive(name));
  RETURN_IF_ERROR(CheckEtag(name, request.directory().etag(), before));
  ASSIGN_OR_RETURN(const DirectoryConfig wanted, ConfigOf(request.directory()));
  ASSIGN_OR_RETURN(const DirectoryConfig config,
                   ApplyUpdate(ConfigOf(before), wanted,
                               std::vector<std::string>(
                                   request.update_mask().paths().begin(),
                                   request.update_mask().paths().end())));
  RETURN_IF_ERROR(CheckRegion(config));
  if (config == ConfigOf(before)) return view_.Show(name.account(), before);

  StoredDirectory after = before;
  SetConfig(config, after);
  after.set_revision(before.revision() + 1);
  *after.mutable_update_time() = ToTimestamp(clock_.TimeNow());
  if (!request.validate_only()) {
    RETURN_IF_ERROR(directories_.Replace(name, before, after));
  }
  return view_.Show(name.account(), after);
}

absl::StatusOr<v1::Directory> DirectoryManager::Delete(
    const v1::DeleteDirectoryRequest& request) {
  ASSIGN_OR_RETURN(const DirectoryName name,
                   DirectoryName::Parse(request.name()));
  ASSIGN_OR_RETURN(const bool users_trashed,
                   TrashesUsers(request.user_disposition()));
  ASSIGN_OR_RETURN(const StoredDirectory before, directories_.Get(name));
  // Perhaps the answer to the first call was lost: whatever its etag was.
  if (before.has_delete_time()) return view_.Show(name.account(), before);
  RETURN_IF_ERROR(CheckEtag(name, request.etag(), before));

  StoredDirectory after = before;
  *after.mutable_delete_time() = ToTimestamp(clock_.TimeNow());
  after.set_users_trashed(users_trashed);
  after.set_revision(before.revision() + 1);
  *after.mutable_update_time() = after.delete_time();
  if (!request.validate_only()) {
    RETURN_IF_ERROR(directories_.Replace(name, before, after));
  }
  return view_.Show(name.account(), after);
}

absl::StatusOr<v1::DirectoryHealth> DirectoryManager::GetHealth(
    const v1::GetDirectoryHealthRequest& request) {
  ASSIGN_OR_RETURN(const DirectoryName name,
                   DirectoryName::Parse(request.name()));
  ASSIGN_OR_RETURN(const StoredDirectory directory, directories_.Get(name));
  ASSIGN_OR_RETURN(const v1::Directory shown,
                   view_.Show(name.account(), directory));
  v1::DirectoryHealth health;
  if (!directory.has_delete_time()) {  // A9: nobody keeps it in step.
    ASSIGN_OR_RETURN(const HealthFacts facts, ReadHealth(store_, name));
    // Not the mirror's: its first read is the dearest.
    ASSIGN_OR_RETURN(const store::StoredFacts known,
                     directories_.GetFacts(name));
    health = HealthOf(facts, graph_.Quota(known.tenant_id()), clock_.TimeNow());
  }
  health.set_name(shown.name());
  health.set_state(shown.state());
  return health;
}

absl::StatusOr<v1::SearchGroupsResponse> DirectoryManager::Search(
    const v1::SearchGroupsRequest& request,
    const std::function<bool()>& cancelled) {
  ASSIGN_OR_RETURN(const ConnectionName connection,
                   ConnectionName::Parse(request.connection()));
  ASSIGN_OR_RETURN(std::unique_ptr<GraphSession> session,
                   graph_.Open(connection, cancelled));
  ASSIGN_OR_RETURN(FoundGroups found, SearchGroups(*session, request.query()));
  v1::SearchGroupsResponse response;
  for (const SourceGroup& group : found.groups) {
    v1::SourceGroup& message = *response.add_groups();
    message.set_source_id(group.id.ToString());
    message.set_display_name(group.display_name.value());
    message.set_description(group.description.value());
  }
  response.set_truncated(found.truncated);
  return response;
}

}  // namespace rollcall::directory
