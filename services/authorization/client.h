// Speaks to Microsoft's login endpoint and to Graph's /organization, over
// HTTPS, one attempt a call: when to try again is decided elsewhere.
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_CLIENT_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/crypto/secret.h"
#include "common/http/client.h"
#include "services/authorization/client_credential.h"
#include "services/authorization/entra_json.h"

namespace rollcall::authorization {

// A tenant, where it lives, and as whom it is read. Origins come from our own
// record, never from an answer.
struct TenantAccess {
  std::string login_origin;
  std::string graph_origin;
  std::string tenant_id;
  std::string client_id;
  ClientCredential credential;
};

// What the token endpoint answered, and what it asked for in the way of time.
struct TokenAnswer {
  TokenReply token;
  absl::optional<absl::Duration> retry_after;  // An hour at most.
};

struct EntraClientOptions {
  // Authorities to trust, a PEM file; empty: the system's.
  std::string ca_file;
  absl::Duration timeout = absl::Seconds(20);
};

// Thread-safe.
class EntraClient {
 public:
  static absl::StatusOr<std::unique_ptr<EntraClient>> Create(
      EntraClientOptions options);

  // Asks for a token for Graph by client credentials. Whatever goes wrong is in
  // the answer: no answer at all is a reply with http_status 0.
  TokenAnswer RequestToken(const TenantAccess& access, absl::Time now);

  // Reads the tenant's organisation with a token.
  //   UNAVAILABLE: no answer, 429, 5xx, nonsense; with a retry delay if one was
  //   asked for. PERMISSION_DENIED, reason GRAPH_REFUSED: 401 or 403.
  //   FAILED_PRECONDITION, reason GRAPH_UNEXPECTED: any other refusal.
  absl::StatusOr<Organization> GetOrganization(const TenantAccess& access,
                                               const Secret& token,
                                               absl::Time now);

  // Ends every call under way, for a quick shutdown.
  void Stop() { http_->Stop(); }

 private:
  EntraClient(std::unique_ptr<http::Client> http, absl::Duration timeout)
      : http_(std::move(http)), timeout_(timeout) {}

  std::unique_ptr<http::Client> http_;
  const absl::Duration timeout_;
};

// `Retry-After` in seconds or as a date (RFC 9110 §10.2.3), at least zero and
// at most an hour.
absl::optional<absl::Duration> ParseRetryAfter(absl::string_view text,
                                               absl::Time now);

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_CLIENT_H_
