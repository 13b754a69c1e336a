// What the login host says about a person who signed in: the claims of an
// id_token, and client_info (section 1.7 of the protocol specification).

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_ID_TOKEN_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_ID_TOKEN_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall::entra {

struct Person {
  std::string id;
  std::string user_principal_name;
  std::string display_name;
};

struct IdClaims {
  std::string issuer;
  std::string tenant_id;
  std::string client_id;
  Person person;
  bool profile = false;  // tells oid, name and preferred_username as well
  std::string nonce;     // empty: none
  absl::Time issued;
  absl::Time expires;
};

// JSON, to be signed. `sub` is the same person's only for the same client.
std::string IdTokenPayload(const IdClaims& claims);

// In base64url.
std::string ClientInfo(const Person& person, absl::string_view tenant_id);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_ID_TOKEN_H_
