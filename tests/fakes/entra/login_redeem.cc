// The tokens of a person who signed in.

#include <algorithm>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/entra/aad_error.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/login_authorize.h"

namespace rollcall::entra {
namespace {

constexpr absl::Duration kTokenLife = absl::Seconds(3599);

using Scopes = std::vector<std::string>;

bool Has(const Scopes& scopes, absl::string_view scope) {
  return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

// There are no refresh tokens here, so that offline_access is not granted.
Scopes Granted(const SignIn& sign_in) {
  Scopes scopes = absl::StrSplit(sign_in.scope, ' ', absl::SkipEmpty());
  std::erase(scopes, "offline_access");
  return scopes;
}

std::string IdToken(const LoginContext& context, const SignIn& sign_in,
                    const Scopes& scopes, absl::Time now) {
  return context.tokens.Sign(IdTokenPayload(
      {.issuer = absl::StrCat(context.origin, "/", context.tenant_id, "/v2.0"),
       .tenant_id = context.tenant_id,
       .client_id = context.application.client_id(),
       .person = context.administrator,
       .profile = Has(scopes, "profile"),
       .nonce = sign_in.nonce,
       .issued = now,
       .expires = now + kTokenLife}));
}

}  // namespace

HttpResponse RedeemCode(const LoginContext& context, AuthorizationCodes& codes,
                        const HttpRequest& request, const Parameters& form) {
  const absl::Time now = context.now();
  const auto fail = [&](int code) {
    return AadErrorResponse(FindAadError(code), request, now);
  };
  if (Find(form, "code").empty()) return fail(900144);
  const std::variant<SignIn, int> redeemed =
      codes.Redeem({.code = Find(form, "code"),
                    .redirect_uri = Find(form, "redirect_uri"),
                    .verifier = Find(form, "code_verifier")},
                   now);
  if (const int* code = std::get_if<int>(&redeemed)) return fail(*code);
  const SignIn& sign_in = std::get<SignIn>(redeemed);
  const Scopes scopes = Granted(sign_in);
  const std::string scope = absl::StrJoin(scopes, " ");
  const int64_t lifetime = absl::ToInt64Seconds(kTokenLife);
  HttpResponse response{.content_type = "application/json; charset=utf-8"};
  JsonWriter json(response.body);
  json.BeginObject()
      .Member("token_type", "Bearer")
      .Member("scope", scope)
      .Key("expires_in")
      .Int(lifetime)
      .Key("ext_expires_in")
      .Int(lifetime)
      .Member("access_token",
              context.tokens.Mint({.tenant_id = context.tenant_id,
                                   .client_id = context.application.client_id(),
                                   .user_id = context.administrator.id,
                                   .scope = scope,
                                   .not_before = now,
                                   .expires = now + kTokenLife}));
  if (Has(scopes, "openid")) {
    json.Member("id_token", IdToken(context, sign_in, scopes, now));
  }
  if (Find(form, "client_info") == "1") {
    json.Member("client_info",
                ClientInfo(context.administrator, context.tenant_id));
  }
  json.EndObject();
  return response;
}

}  // namespace rollcall::entra
