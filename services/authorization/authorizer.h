// The methods of the authorization service: what the gRPC edge and the redirect
// page call. Takes and returns the messages of the contract.
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_AUTHORIZER_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_AUTHORIZER_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/sealer.h"
#include "common/time/clock.h"
#include "google/protobuf/empty.pb.h"
#include "rollcall/authorization/v1/authorization.pb.h"
#include "services/authorization/client.h"
#include "services/authorization/consent_desk.h"
#include "services/authorization/store.h"
#include "services/authorization/token_broker.h"
#include "services/authorization/vault.h"

namespace rollcall::authorization {

// All must outlive the authorizer.
struct AuthorizerOptions {
  AuthorizationStore& store;
  EntraClient& client;
  const Sealer& sealer;
  Clock& clock;
  // Where the login page sends the browser, as it is registered with the app.
  std::string redirect_uri;
};

// Thread-safe.
class Authorizer {
 public:
  explicit Authorizer(AuthorizerOptions options);

  absl::StatusOr<v1::Account> CreateAccount(
      const v1::CreateAccountRequest& request);
  absl::StatusOr<v1::Account> GetAccount(const v1::GetAccountRequest& request);
  absl::StatusOr<v1::ListAccountsResponse> ListAccounts(
      const v1::ListAccountsRequest& request);

  absl::StatusOr<v1::PendingAuthorization> BeginAuthorization(
      const v1::BeginAuthorizationRequest& request);
  absl::StatusOr<v1::PendingAuthorization> GetPendingAuthorization(
      const v1::GetPendingAuthorizationRequest& request);
  absl::StatusOr<v1::PendingAuthorization> CompleteAuthorization(
      const v1::CompleteAuthorizationRequest& request);
  absl::StatusOr<v1::Connection> ConfirmAuthorization(
      const v1::ConfirmAuthorizationRequest& request);
  absl::StatusOr<google::protobuf::Empty> CancelAuthorization(
      const v1::CancelAuthorizationRequest& request);

  absl::StatusOr<v1::Connection> GetConnection(
      const v1::GetConnectionRequest& request);
  absl::StatusOr<v1::ListConnectionsResponse> ListConnections(
      const v1::ListConnectionsRequest& request);

  absl::StatusOr<v1::MintAccessTokenResponse> MintAccessToken(
      const v1::MintAccessTokenRequest& request);
  absl::StatusOr<google::protobuf::Empty> ReportRejectedToken(
      const v1::ReportRejectedTokenRequest& request);

  // What became of a redirect, and where the browser goes on.
  struct RedirectOutcome {
    v1::PendingAuthorization pending;
    std::string return_uri;  // Empty: it stays.
  };
  // Takes a redirect as the page gets it: its state alone says what it is for.
  // Errors as CompleteAuthorization; an unknown state is STATE_MISMATCH too, so
  // that nobody learns what exists.
  absl::StatusOr<RedirectOutcome> TakeRedirect(const Redirect& redirect);

  ConsentDesk& consent_desk() { return desk_; }
  const Vault& vault() const { return vault_; }

 private:
  absl::StatusOr<v1::PendingAuthorization> ToMessage(
      const PendingAuthorizationName& name, const StoredPending& stored) const;

  AuthorizationStore& store_;
  Clock& clock_;
  const std::string redirect_uri_;
  const Vault vault_;
  ConsentDesk desk_;
  TokenBroker tokens_;
};

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_AUTHORIZER_H_
