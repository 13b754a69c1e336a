#include "services/authorization/authorizer.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/digest.h"
#include "common/identity/resource_name.h"
#include "common/log/log.h"
#include "common/rpc/paging.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/time/proto_time.h"
#include "services/authorization/consent_redirect.h"
#include "services/authorization/registration.h"

namespace rollcall::authorization {
namespace {

constexpr size_t kMaxDisplayName = 256;
constexpr size_t kSha256Size = 32;

v1::Account ToMessage(const AccountName& name, const store::Account& stored) {
  v1::Account account;
  account.set_name(name.ToString());
  account.set_display_name(stored.display_name());
  *account.mutable_create_time() = stored.create_time();
  return account;
}

v1::Cloud CloudOf(const store::Registration& registration) {
  v1::Cloud cloud;
  cloud.set_login_origin(registration.login_origin());
  cloud.set_graph_origin(registration.graph_origin());
  return cloud;
}

v1::Connection ToMessage(const ConnectionName& name,
                         const store::Connection& stored) {
  const store::Registration& registration = stored.registration();
  v1::Connection connection;
  connection.set_name(name.ToString());
  connection.set_state(stored.reauthorization_required()
                           ? v1::Connection::REAUTHORIZATION_REQUIRED
                           : v1::Connection::CONNECTED);
  connection.set_tenant_id(stored.tenant_id());
  connection.set_organization_display_name(stored.organization_display_name());
  *connection.mutable_cloud() = CloudOf(registration);
  connection.set_client_id(registration.client_id());
  connection.set_credential_kind(registration.has_certificate()
                                     ? v1::Connection::CLIENT_CERTIFICATE
                                     : v1::Connection::CLIENT_SECRET);
  if (registration.has_credential_expire_time()) {
    *connection.mutable_credential_expire_time() =
        registration.credential_expire_time();
  }
  connection.set_error_message(stored.error_message());
  *connection.mutable_create_time() = stored.create_time();
  *connection.mutable_update_time() = stored.update_time();
  return connection;
}

v1::PendingAuthorization::State StateOf(const store::PendingAuthorization& p) {
  switch (p.state()) {
    case store::PendingAuthorization::AWAITING_REDIRECT:
    case store::PendingAuthorization::PROVING:
      return v1::PendingAuthorization::AWAITING_CONSENT;
    case store::PendingAuthorization::AWAITING_CONFIRMATION:
      return v1::PendingAuthorization::AWAITING_CONFIRMATION;
    case store::PendingAuthorization::DECLINED:
      return v1::PendingAuthorization::DECLINED;
    default:
      return v1::PendingAuthorization::STATE_UNSPECIFIED;
  }
}

absl::Status CheckDisplayName(absl::string_view name) {
  bool ok = !absl::StripAsciiWhitespace(name).empty() &&
            name.size() <= kMaxDisplayName;
  for (const char c : name) ok = ok && !absl::ascii_iscntrl(c);
  if (ok) return absl::OkStatus();
  return InvalidArgument(
      "DISPLAY_NAME_INVALID",
      absl::StrCat("A display name is 1 to ", kMaxDisplayName,
                   " bytes without control characters."),
      {{"field", "account.display_name"}});
}

absl::Status AccountNotFound(const AccountName& name) {
  return NotFound("ACCOUNT_NOT_FOUND",
                  absl::StrCat("No account named ", name.ToString(), "."),
                  {{"account", name.ToString()}});
}

absl::Status ConnectionExists(const ConnectionName& name) {
  return AlreadyExists(
      "CONNECTION_EXISTS",
      absl::StrCat("A connection named ", name.ToString(), " exists."),
      {{"connection", name.ToString()}});
}

}  // namespace

Authorizer::Authorizer(AuthorizerOptions options)
    : store_(options.store),
      clock_(options.clock),
      redirect_uri_(std::move(options.redirect_uri)),
      vault_(options.sealer),
      desk_(options.store, options.client, vault_, options.clock),
      tokens_(options.store, options.client, vault_, options.clock) {}

// ---- Accounts.

absl::StatusOr<v1::Account> Authorizer::CreateAccount(
    const v1::CreateAccountRequest& request) {
  RETURN_IF_ERROR(ValidateId(request.account_id(), "account_id"));
  RETURN_IF_ERROR(CheckDisplayName(request.account().display_name()));
  const AccountName name(request.account_id());
  store::Account account;
  account.set_display_name(request.account().display_name());
  *account.mutable_create_time() = ToTimestamp(clock_.TimeNow());
  const absl::Status created = store_.CreateAccount(name, account);
  if (absl::IsAborted(created)) {
    return AlreadyExists(
        "ACCOUNT_EXISTS",
        absl::StrCat("An account named ", name.ToString(), " exists."),
        {{"account", name.ToString()}});
  }
  RETURN_IF_ERROR(created);
  LogInfo("account_created", {{"account", name.ToString()}});
  return authorization::ToMessage(name, account);
}

absl::StatusOr<v1::Account> Authorizer::GetAccount(
    const v1::GetAccountRequest& request) {
  ASSIGN_OR_RETURN(const AccountName name, AccountName::Parse(request.name()));
  ASSIGN_OR_RETURN(const auto stored, store_.GetAccount(name));
  if (!stored.has_value()) return AccountNotFound(name);
  return authorization::ToMessage(name, stored->message);
}

absl::StatusOr<v1::ListAccountsResponse> Authorizer::ListAccounts(
    const v1::ListAccountsRequest& request) {
  constexpr absl::string_view kScope = "ListAccounts";
  ASSIGN_OR_RETURN(const int size, rpc::ResolvePageSize(request.page_size()));
  ASSIGN_OR_RETURN(const std::string after,
                   rpc::ReadPageToken(kScope, request.page_token()));
  ASSIGN_OR_RETURN(std::vector<StoredAccount> rows,
                   store_.ListAccounts(after, size + 1));
  v1::ListAccountsResponse response;
  for (const StoredAccount& row : rows) {
    if (response.accounts_size() == size) {
      const std::string last = rows[static_cast<size_t>(size) - 1].id;
      response.set_next_page_token(rpc::MakePageToken(kScope, last));
      break;
    }
    *response.add_accounts() =
        authorization::ToMessage(AccountName(row.id), row.message);
  }
  return response;
}

// ---- The way to a connection.

absl::StatusOr<v1::PendingAuthorization> Authorizer::ToMessage(
    const PendingAuthorizationName& name, const StoredPending& stored) const {
  const store::PendingAuthorization& row = stored.message;
  v1::PendingAuthorization pending;
  pending.set_name(name.ToString());
  pending.set_state(StateOf(row));
  if (!row.sealed_state().empty()) {
    ASSIGN_OR_RETURN(const Secret state,
                     vault_.OpenState(row.sealed_state(), name.ToString()));
    pending.set_consent_uri(
        ConsentUri({.login_origin = row.registration().login_origin(),
                    .graph_origin = row.registration().graph_origin(),
                    .tenant = row.requested_tenant(),
                    .client_id = row.registration().client_id(),
                    .redirect_uri = redirect_uri_,
                    .state = std::string(state.Reveal())}));
  }
  // Before the proof the tenant is only what a redirect claims.
  if (row.state() == store::PendingAuthorization::AWAITING_CONFIRMATION) {
    pending.set_tenant_id(row.tenant_id());
    pending.set_organization_display_name(row.organization_display_name());
  }
  pending.set_error_message(row.error_message());
  *pending.mutable_expire_time() = row.expire_time();
  return pending;
}

absl::StatusOr<v1::PendingAuthorization> Authorizer::BeginAuthorization(
    const v1::BeginAuthorizationRequest& request) {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  const absl::Time now = clock_.TimeNow();
  ASSIGN_OR_RETURN(CheckedRequest checked, CheckRequest(request, now));
  ASSIGN_OR_RETURN(const auto owner, store_.GetAccount(account));
  if (!owner.has_value()) return AccountNotFound(account);
  const ConnectionName connection_name(account, checked.connection_id);
  ASSIGN_OR_RETURN(const auto taken, store_.GetConnection(connection_name));
  if (taken.has_value()) return ConnectionExists(connection_name);

  const PendingAuthorizationName name(account, RandomId());
  const Secret state = NewState(name);
  store::PendingAuthorization pending;
  *pending.mutable_registration() = checked.registration;
  pending.mutable_registration()->set_sealed_credential(
      vault_.SealCredential(checked.credential, name.ToString()));
  pending.set_requested_tenant(checked.tenant);
  pending.set_connection_id(checked.connection_id);
  pending.set_return_uri(checked.return_uri);
  pending.set_state(store::PendingAuthorization::AWAITING_REDIRECT);
  pending.set_state_sha256(Sha256(state.Reveal()));
  pending.set_sealed_state(vault_.SealState(state, name.ToString()));
  *pending.mutable_create_time() = ToTimestamp(now);
  *pending.mutable_expire_time() = ToTimestamp(now + kConsentTime);
  RETURN_IF_ERROR(store_.CreatePending(name, pending));
  LogInfo("authorization_begun", {{"pending_authorization", name.ToString()}});
  return ToMessage(name, {name.id(), pending, ""});
}

absl::StatusOr<v1::PendingAuthorization> Authorizer::GetPendingAuthorization(
    const v1::GetPendingAuthorizationRequest& request) {
  ASSIGN_OR_RETURN(const auto name,
                   PendingAuthorizationName::Parse(request.name()));
  ASSIGN_OR_RETURN(const StoredPending stored, desk_.Load(name));
  return ToMessage(name, stored);
}

absl::StatusOr<v1::PendingAuthorization> Authorizer::CompleteAuthorization(
    const v1::CompleteAuthorizationRequest& request) {
  ASSIGN_OR_RETURN(const auto name,
                   PendingAuthorizationName::Parse(request.name()));
  ASSIGN_OR_RETURN(
      const StoredPending stored,
      desk_.Take(name, {.state = request.state(),
                        .tenant = request.tenant(),
                        .error = request.error(),
                        .error_description = request.error_description()}));
  return ToMessage(name, stored);
}

absl::StatusOr<Authorizer::RedirectOutcome> Authorizer::TakeRedirect(
    const Redirect& redirect) {
  const auto unknown = [] {
    return PermissionDenied("STATE_MISMATCH",
                            "The redirect does not belong to any pending "
                            "authorization; nothing was changed.");
  };
  const auto name = NameInState(redirect.state);
  if (!name.has_value()) return unknown();
  const absl::StatusOr<StoredPending> stored = desk_.Take(*name, redirect);
  if (absl::IsNotFound(stored.status())) return unknown();
  RETURN_IF_ERROR(stored.status());
  RedirectOutcome outcome;
  ASSIGN_OR_RETURN(outcome.pending, ToMessage(*name, *stored));
  outcome.return_uri = stored->message.return_uri();
  return outcome;
}

absl::StatusOr<v1::Connection> Authorizer::ConfirmAuthorization(
    const v1::ConfirmAuthorizationRequest& request) {
  ASSIGN_OR_RETURN(const auto name,
                   PendingAuthorizationName::Parse(request.name()));
  ASSIGN_OR_RETURN(const StoredPending old, desk_.Load(name));
  const store::PendingAuthorization& pending = old.message;
  if (pending.state() != store::PendingAuthorization::AWAITING_CONFIRMATION) {
    return FailedPrecondition("CONSENT_NOT_PROVED",
                              "There is no proved consent to confirm yet.",
                              {{"pending_authorization", name.ToString()}});
  }
  if (absl::AsciiStrToLower(request.tenant_id()) != pending.tenant_id()) {
    return FailedPrecondition(
        "TENANT_MISMATCH",
        absl::StrCat("Consent was given for the tenant ", pending.tenant_id(),
                     "; another one was to be confirmed. Start over if that is "
                     "the wrong tenant."),
        {{"tenant", pending.tenant_id()}});
  }

  const ConnectionName connection_name(name.account(), pending.connection_id());
  ASSIGN_OR_RETURN(
      const ClientCredential credential,
      vault_.OpenCredential(pending.registration().sealed_credential(),
                            name.ToString()));
  store::Connection connection;
  *connection.mutable_registration() = pending.registration();
  connection.mutable_registration()->set_sealed_credential(
      vault_.SealCredential(credential, connection_name.ToString()));
  connection.set_tenant_id(pending.tenant_id());
  connection.set_organization_display_name(pending.organization_display_name());
  *connection.mutable_create_time() = ToTimestamp(clock_.TimeNow());
  *connection.mutable_update_time() = connection.create_time();

  const absl::Status confirmed =
      store_.Confirm(name, old, connection_name, connection);
  if (absl::IsAborted(confirmed)) {
    ASSIGN_OR_RETURN(const auto taken, store_.GetConnection(connection_name));
    if (taken.has_value()) return ConnectionExists(connection_name);
  }
  RETURN_IF_ERROR(confirmed);
  LogInfo("connected", {{"connection", connection_name.ToString()},
                        {"tenant", connection.tenant_id()}});
  return authorization::ToMessage(connection_name, connection);
}

// R4: nothing else was made before the confirmation.
absl::StatusOr<google::protobuf::Empty> Authorizer::CancelAuthorization(
    const v1::CancelAuthorizationRequest& request) {
  ASSIGN_OR_RETURN(const auto name,
                   PendingAuthorizationName::Parse(request.name()));
  ASSIGN_OR_RETURN(const StoredPending old, desk_.Load(name));
  RETURN_IF_ERROR(store_.DeletePending(name, old));
  LogInfo("authorization_cancelled",
          {{"pending_authorization", name.ToString()}});
  return google::protobuf::Empty();
}

// ---- Connections and their tokens.

absl::StatusOr<v1::Connection> Authorizer::GetConnection(
    const v1::GetConnectionRequest& request) {
  ASSIGN_OR_RETURN(const auto name, ConnectionName::Parse(request.name()));
  ASSIGN_OR_RETURN(const auto stored, store_.GetConnection(name));
  if (!stored.has_value()) {
    return NotFound("CONNECTION_NOT_FOUND",
                    absl::StrCat("No connection named ", name.ToString(), "."),
                    {{"connection", name.ToString()}});
  }
  return authorization::ToMessage(name, stored->message);
}

absl::StatusOr<v1::ListConnectionsResponse> Authorizer::ListConnections(
    const v1::ListConnectionsRequest& request) {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  const std::string scope = absl::StrCat("ListConnections ", request.parent());
  ASSIGN_OR_RETURN(const int size, rpc::ResolvePageSize(request.page_size()));
  ASSIGN_OR_RETURN(const std::string after,
                   rpc::ReadPageToken(scope, request.page_token()));
  ASSIGN_OR_RETURN(const std::vector<StoredConnection> rows,
                   store_.ListConnections(account, after, size + 1));
  v1::ListConnectionsResponse response;
  for (const StoredConnection& row : rows) {
    if (response.connections_size() == size) {
      const std::string last = rows[static_cast<size_t>(size) - 1].id;
      response.set_next_page_token(rpc::MakePageToken(scope, last));
      break;
    }
    *response.add_connections() =
        authorization::ToMessage(ConnectionName(account, row.id), row.message);
  }
  return response;
}

absl::StatusOr<v1::MintAccessTokenResponse> Authorizer::MintAccessToken(
    const v1::MintAccessTokenRequest& request) {
  ASSIGN_OR_RETURN(const auto name, ConnectionName::Parse(request.name()));
  ASSIGN_OR_RETURN(const TokenBroker::MintedToken minted, tokens_.Mint(name));
  const store::Connection& connection = minted.connection.message;
  v1::MintAccessTokenResponse response;
  response.set_access_token(std::string(minted.token.Reveal()));
  *response.mutable_expire_time() = ToTimestamp(minted.expire_time);
  *response.mutable_cloud() = CloudOf(connection.registration());
  response.set_tenant_id(connection.tenant_id());
  return response;
}

absl::StatusOr<google::protobuf::Empty> Authorizer::ReportRejectedToken(
    const v1::ReportRejectedTokenRequest& request) {
  ASSIGN_OR_RETURN(const auto name, ConnectionName::Parse(request.name()));
  if (request.access_token_sha256().size() != kSha256Size) {
    return InvalidArgument("DIGEST_INVALID",
                           "access_token_sha256 is 32 bytes of SHA-256.",
                           {{"field", "access_token_sha256"}});
  }
  RETURN_IF_ERROR(tokens_.ReportRejected(name, request.access_token_sha256()));
  return google::protobuf::Empty();
}

}  // namespace rollcall::authorization
