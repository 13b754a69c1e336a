// Reads what the token endpoint and Graph's /organization answer: JSON of
// strangers, read with limits; what does not parse is said to be so and never
// guessed at.
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_ENTRA_JSON_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_ENTRA_JSON_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/crypto/secret.h"
#include "services/authorization/oauth_reply.h"

namespace rollcall::authorization {

// An answer of the token endpoint: if its class is kOk, there is a token.
struct TokenReply {
  OAuthReply reply;
  Secret access_token;
  absl::Duration lifetime;
};

// `body` is what came with `http_status`.
TokenReply ParseTokenReply(int http_status, absl::string_view body);

// The one organisation that a tenant is.
struct Organization {
  std::string id;  // As Graph writes it.
  std::string display_name;
};

// None unless there is exactly one.
absl::optional<Organization> ParseOrganization(absl::string_view body);

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_ENTRA_JSON_H_
