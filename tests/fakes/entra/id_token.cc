#include "tests/fakes/entra/id_token.h"

#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/jwt.h"

namespace rollcall::entra {

std::string IdTokenPayload(const IdClaims& claims) {
  const int64_t issued = absl::ToUnixSeconds(claims.issued);
  std::string payload;
  JsonWriter json(payload);
  json.BeginObject()
      .Member("aud", claims.client_id)
      .Member("iss", claims.issuer)
      .Key("iat")
      .Int(issued)
      .Key("nbf")
      .Int(issued)
      .Key("exp")
      .Int(absl::ToUnixSeconds(claims.expires))
      .Member(
          "sub",
          Base64Url(Sha256(absl::StrCat(claims.client_id, claims.person.id))))
      .Member("tid", claims.tenant_id)
      .Member("ver", "2.0");
  if (claims.profile) {
    json.Member("oid", claims.person.id)
        .Member("name", claims.person.display_name)
        .Member("preferred_username", claims.person.user_principal_name);
  }
  if (!claims.nonce.empty()) json.Member("nonce", claims.nonce);
  json.EndObject();
  return payload;
}

std::string ClientInfo(const Person& person, absl::string_view tenant_id) {
  std::string json;
  JsonWriter(json)
      .BeginObject()
      .Member("uid", person.id)
      .Member("utid", tenant_id)
      .EndObject();
  return Base64Url(json);
}

}  // namespace rollcall::entra
