#include "deploy/first_sync/setup.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::deploy {
namespace {

using authorization::v1::AuthorizationService;
using authorization::v1::Connection;
using authorization::v1::PendingAuthorization;
using directory::v1::Directory;
using directory::v1::DirectoryService;

constexpr absl::Duration kPollInterval = absl::Seconds(1);

std::string AccountNameOf(const SetupOptions& options) {
  return absl::StrCat("accounts/", options.account_id);
}

absl::Status EnsureAccount(Stack& stack, const SetupOptions& options) {
  authorization::v1::CreateAccountRequest request;
  request.set_account_id(options.account_id);
  request.mutable_account()->set_display_name(options.account_id);
  absl::Status status = WhileUnavailable([&] {
    return Call(*stack.operator_, &AuthorizationService::Stub::CreateAccount,
                request)
        .status();
  });
  if (absl::IsAlreadyExists(status)) return absl::OkStatus();
  RETURN_IF_ERROR(status);
  options.say(absl::StrCat("Created ", AccountNameOf(options), "."));
  return absl::OkStatus();
}

// Waits until somebody has given or declined consent (R1).
absl::StatusOr<PendingAuthorization> AwaitConsent(
    Stack& stack, const PendingAuthorization& begun) {
  authorization::v1::GetPendingAuthorizationRequest request;
  request.set_name(begun.name());
  for (;;) {
    ASSIGN_OR_RETURN(
        PendingAuthorization pending,
        Call(*stack.authorization,
             &AuthorizationService::Stub::GetPendingAuthorization, request));
    if (pending.state() == PendingAuthorization::DECLINED) {
      return FailedPrecondition("CONSENT_DECLINED", pending.error_message());
    }
    if (pending.state() == PendingAuthorization::AWAITING_CONFIRMATION) {
      return pending;
    }
    absl::SleepFor(kPollInterval);
  }
}

absl::StatusOr<Connection> EnsureConnection(Stack& stack,
                                            const SetupOptions& options) {
  authorization::v1::GetConnectionRequest get;
  get.set_name(absl::StrCat(AccountNameOf(options), "/connections/",
                            options.connection_id));
  absl::StatusOr<Connection> existing = Call(
      *stack.authorization, &AuthorizationService::Stub::GetConnection, get);
  if (!absl::IsNotFound(existing.status())) return existing;

  authorization::v1::BeginAuthorizationRequest begin;
  begin.set_parent(AccountNameOf(options));
  begin.mutable_cloud()->set_login_origin(options.login_origin);
  begin.mutable_cloud()->set_graph_origin(options.graph_origin);
  begin.set_client_id(options.client_id);
  begin.mutable_client_credential()->set_client_secret(
      std::string(options.client_secret.Reveal()));
  begin.set_tenant(options.tenant);
  begin.set_connection_id(options.connection_id);
  ASSIGN_OR_RETURN(
      PendingAuthorization pending,
      Call(*stack.authorization,
           &AuthorizationService::Stub::BeginAuthorization, begin));
  RETURN_IF_ERROR(options.ask_for_consent(pending.consent_uri()));
  ASSIGN_OR_RETURN(pending, AwaitConsent(stack, pending));

  authorization::v1::ConfirmAuthorizationRequest confirm;
  confirm.set_name(pending.name());
  confirm.set_tenant_id(pending.tenant_id());
  ASSIGN_OR_RETURN(
      Connection connection,
      Call(*stack.authorization,
           &AuthorizationService::Stub::ConfirmAuthorization, confirm));
  options.say(absl::StrCat("Connected to ",
                           connection.organization_display_name(), " (tenant ",
                           connection.tenant_id(), ")."));
  return connection;
}

// A GUID, as the tenant's portal shows it.
bool IsObjectId(absl::string_view text) {
  constexpr absl::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != kShape.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (kShape[i] == '-' ? text[i] != '-' : !absl::ascii_isxdigit(text[i])) {
      return false;
    }
  }
  return true;
}

// The ids of the selected groups; each is told by its id, or by a name that
// exactly one group has.
absl::StatusOr<std::vector<std::string>> FindGroups(
    Stack& stack, const SetupOptions& options, const std::string& connection) {
  std::vector<std::string> ids;
  for (const std::string& name : options.groups) {
    if (IsObjectId(name)) {
      ids.push_back(absl::AsciiStrToLower(name));
      continue;
    }
    directory::v1::SearchGroupsRequest request;
    request.set_connection(connection);
    request.set_query(name);
    ASSIGN_OR_RETURN(
        auto found,
        Call(*stack.directory, &DirectoryService::Stub::SearchGroups, request));
    std::vector<std::string> matches;
    for (const auto& group : found.groups()) {
      if (absl::EqualsIgnoreCase(group.display_name(), name)) {
        matches.push_back(group.source_id());
      }
    }
    if (matches.size() == 1 && found.truncated()) {
      // Another group of this name may be among those that were not returned.
      return FailedPrecondition(
          "GROUP_AMBIGUOUS",
          absl::StrCat("More than ", found.groups_size(),
                       " groups of the tenant match \"", name,
                       "\"; tell the group by its object id."),
          {{"group", name}});
    }
    if (matches.size() != 1) {
      return FailedPrecondition(
          matches.empty() ? "GROUP_NOT_FOUND" : "GROUP_AMBIGUOUS",
          absl::StrCat(matches.size(), " groups of the tenant are named \"",
                       name, "\"; exactly one is needed."),
          {{"group", name}, {"count", absl::StrCat(matches.size())}});
    }
    ids.push_back(matches.front());
  }
  return ids;
}

bool SelectsExactly(const Directory& directory,
                    const std::vector<std::string>& ids) {
  if (directory.selected_groups_size() != static_cast<int>(ids.size())) {
    return false;
  }
  for (const std::string& id : ids) {
    bool found = false;
    for (const auto& group : directory.selected_groups()) {
      found = found || absl::EqualsIgnoreCase(group.source_id(), id);
    }
    if (!found) return false;
  }
  return true;
}

absl::StatusOr<Directory> EnsureDirectory(Stack& stack,
                                          const SetupOptions& options,
                                          const std::string& connection) {
  ASSIGN_OR_RETURN(std::vector<std::string> ids,
                   FindGroups(stack, options, connection));
  directory::v1::GetDirectoryRequest get;
  get.set_name(absl::StrCat(AccountNameOf(options), "/directories/",
                            options.directory_id));
  absl::StatusOr<Directory> existing =
      Call(*stack.directory, &DirectoryService::Stub::GetDirectory, get);
  if (!existing.ok() && !absl::IsNotFound(existing.status())) return existing;
  if (existing.ok() && SelectsExactly(*existing, ids)) return existing;

  Directory wanted;
  for (const std::string& id : ids) {
    wanted.add_selected_groups()->set_source_id(id);
  }
  if (existing.ok()) {
    directory::v1::UpdateDirectoryRequest update;
    *update.mutable_directory() = wanted;
    update.mutable_directory()->set_name(existing->name());
    update.mutable_directory()->set_etag(existing->etag());
    update.mutable_update_mask()->add_paths("selected_groups");
    options.say(absl::StrCat("Selecting ", ids.size(), " other groups."));
    return Call(*stack.directory, &DirectoryService::Stub::UpdateDirectory,
                update);
  }
  wanted.set_display_name("First sync");
  wanted.set_connection(connection);
  wanted.set_enrollment_mail_enabled(true);
  wanted.set_phone_import_enabled(true);
  wanted.set_default_region_code("US");
  directory::v1::CreateDirectoryRequest create;
  create.set_parent(AccountNameOf(options));
  create.set_directory_id(options.directory_id);
  *create.mutable_directory() = wanted;
  ASSIGN_OR_RETURN(
      Directory created,
      Call(*stack.directory, &DirectoryService::Stub::CreateDirectory, create));
  options.say(absl::StrCat("Created ", created.name(), " with ", ids.size(),
                           " selected groups."));
  return created;
}

}  // namespace

absl::StatusOr<Configured> SetUp(Stack& stack, const SetupOptions& options) {
  RETURN_IF_ERROR(EnsureAccount(stack, options));
  ASSIGN_OR_RETURN(Connection connection, EnsureConnection(stack, options));
  ASSIGN_OR_RETURN(Directory directory,
                   EnsureDirectory(stack, options, connection.name()));
  return Configured{directory.name(), connection.organization_display_name()};
}

}  // namespace rollcall::deploy
