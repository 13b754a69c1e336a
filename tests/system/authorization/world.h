// The authorization service in one process with a local Entra ID: a tenant, a
// store in memory, a clock that tests move, a browser that follows redirects.
#ifndef ROLLCALL_TESTS_SYSTEM_AUTHORIZATION_WORLD_H_
#define ROLLCALL_TESTS_SYSTEM_AUTHORIZATION_WORLD_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/crypto/sealer.h"
#include "common/http/client.h"
#include "common/store/faulty_store.h"
#include "common/store/store.h"
#include "common/testing/certificates.h"
#include "common/testing/simulated_clock.h"
#include "rollcall/authorization/v1/authorization.pb.h"
#include "services/authorization/authorizer.h"
#include "services/authorization/callback_page.h"
#include "services/authorization/client.h"
#include "services/authorization/store.h"
#include "services/authorization/worker.h"
#include "tests/fakes/entra/emulator.h"

namespace rollcall::authorization {

// One thread, but for the authorizer, which is thread-safe.
class World {
 public:
  World();
  ~World();

  // The service after its process ended: same store, nothing in memory.
  void Restart();

  // Entra is down from now on.
  void CloseEntra() { entra_.reset(); }

  SimulatedClock& clock() { return clock_; }
  entra::Emulator& entra() { return *entra_; }
  Authorizer& authorizer() { return *authorizer_; }
  AuthorizationStore& store() { return *store_; }
  rollcall::store::FaultyStore& faulty_store() { return *faulty_; }
  const CallbackPage& page() const { return *page_; }
  // Of the page: its files are those of `callback`.
  testing::TestAuthority& authority() { return authority_; }
  std::string key_file_text() const { return key_file_text_; }

  // The request that connects the emulator's tenant.
  v1::BeginAuthorizationRequest BeginRequest() const;
  v1::PendingAuthorization Begin();
  v1::PendingAuthorization Begin(const v1::BeginAuthorizationRequest& request);
  absl::StatusOr<v1::PendingAuthorization> Get(const std::string& name);

  // Where the login page sends an administrator who opens `consent_uri`.
  std::string Consent(const std::string& consent_uri);
  // What the page answers at an address of ours.
  http::Response Open(const std::string& url);
  // The same from another browser, over a connection of its own.
  absl::StatusOr<http::Response> OpenAnew(const std::string& url);
  // The value of a parameter in the query of an address.
  static std::string Parameter(const std::string& url, absl::string_view name);
  // CompleteAuthorization with what stands in a redirect.
  static v1::CompleteAuthorizationRequest CompleteRequest(
      const std::string& name, const std::string& redirect);

  // Begin, consent, page, confirm.
  v1::Connection Connect();
  absl::StatusOr<v1::Connection> Confirm(const v1::PendingAuthorization& p);
  absl::StatusOr<v1::MintAccessTokenResponse> Mint(const std::string& name);
  absl::Status Report(const std::string& name, const std::string& token);
  v1::Connection GetConnection(const std::string& name);

  // Everything that the store holds, keys and values one after the other.
  std::string StoredBytes();

 private:
  testing::TestAuthority authority_;
  SimulatedClock clock_;
  std::unique_ptr<entra::Emulator> entra_;
  std::string key_file_text_;
  absl::optional<Sealer> sealer_;
  std::unique_ptr<rollcall::store::Store> database_;
  std::unique_ptr<rollcall::store::FaultyStore> faulty_;
  std::unique_ptr<AuthorizationStore> store_;
  std::unique_ptr<EntraClient> client_;
  std::unique_ptr<Authorizer> authorizer_;
  std::unique_ptr<CallbackPage> page_;
  std::unique_ptr<http::Client> login_browser_;
  std::unique_ptr<http::Client> page_browser_;
};

}  // namespace rollcall::authorization

#endif  // ROLLCALL_TESTS_SYSTEM_AUTHORIZATION_WORLD_H_
