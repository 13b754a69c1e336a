// Checks what BeginAuthorization was given, and makes of it what is stored.
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_REGISTRATION_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_REGISTRATION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rollcall/authorization/v1/authorization.pb.h"
#include "services/authorization/client_credential.h"
#include "services/authorization/store.pb.h"

namespace rollcall::authorization {

// A request whose every field was checked.
struct CheckedRequest {
  store::Registration registration;  // Without its credential.
  ClientCredential credential;
  std::string tenant;
  std::string connection_id;  // Drawn if none was given.
  std::string return_uri;
};

// INVALID_ARGUMENT with the field's name: reasons ORIGIN_INVALID,
// CLIENT_ID_INVALID, CREDENTIAL_INVALID, CERTIFICATE_EXPIRED, TENANT_INVALID,
// ID_INVALID, RETURN_URI_INVALID.
absl::StatusOr<CheckedRequest> CheckRequest(
    const v1::BeginAuthorizationRequest& request, absl::Time now);

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_REGISTRATION_H_
