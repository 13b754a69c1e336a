// What this service needs from authorization: tokens for a connection, and
// whether the tenant can be read at all.
#ifndef ROLLCALL_SERVICES_DIRECTORY_AUTHORIZATION_CLIENT_H_
#define ROLLCALL_SERVICES_DIRECTORY_AUTHORIZATION_CLIENT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/crypto/secret.h"
#include "common/identity/resource_name.h"

namespace rollcall::directory {

// A bearer token and the only place it may go to.
struct AccessToken {
  Secret token;
  absl::Time expire_time;
  std::string graph_origin;
  std::string tenant_id;
};

struct ConnectionFacts {
  bool reauthorization_required = false;
  std::string tenant_id;
};

// Thread-safe. Errors are those of authorization, as it gave them.
class AuthorizationClient {
 public:
  virtual ~AuthorizationClient() = default;

  // A token that is good for some minutes. FAILED_PRECONDITION if the tenant
  // has to be authorized again (R8).
  virtual absl::StatusOr<AccessToken> MintAccessToken(
      const ConnectionName& connection) = 0;

  // Tells that Graph refused a token with 401; the next one is fresh (R12).
  virtual absl::Status ReportRejectedToken(const ConnectionName& connection,
                                           const Secret& token) = 0;

  // NOT_FOUND if there is no such connection.
  virtual absl::StatusOr<ConnectionFacts> GetConnection(
      const ConnectionName& connection) = 0;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_AUTHORIZATION_CLIENT_H_
