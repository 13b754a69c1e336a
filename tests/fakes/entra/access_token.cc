#include "tests/fakes/entra/access_token.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <simdjson.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/jwt.h"

namespace rollcall::entra {
namespace {

constexpr char kGraphAudience[] = "https://graph.microsoft.com";
constexpr size_t kMaxOpened = 1000;

// A big number of the key in base64url: "n" or "e".
std::string KeyNumber(const EVP_PKEY& key, const char* name) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(&key, name, &number);
  std::string bytes(static_cast<size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_free(number);
  return Base64Url(bytes);
}

std::string Payload(const AccessClaims& claims) {
  std::string payload;
  JsonWriter json(payload);
  json.BeginObject()
      .Member("aud", kGraphAudience)
      .Member("iss",
              absl::StrCat("https://sts.windows.net/", claims.tenant_id, "/"))
      .Key("iat")
      .Int(absl::ToUnixSeconds(claims.not_before))
      .Key("nbf")
      .Int(absl::ToUnixSeconds(claims.not_before))
      .Key("exp")
      .Int(absl::ToUnixSeconds(claims.expires))
      .Member("appid", claims.client_id)
      .Member("idtyp", claims.user_id.empty() ? "app" : "user")
      .Member("tid", claims.tenant_id)
      // Unique; it says when to the microsecond, which the others do not.
      .Member("uti", absl::StrCat(absl::ToUnixMicros(claims.not_before)))
      .Member("ver", "1.0");
  if (claims.takes_challenges) {
    json.Key("xms_cc").BeginArray().String("cp1").EndArray();
  }
  if (!claims.user_id.empty()) {
    json.Member("oid", claims.user_id).Member("scp", claims.scope);
  }
  // Without any permission there is no such claim.
  if (!claims.roles.empty()) {
    json.Key("roles").BeginArray();
    for (const std::string& role : claims.roles) json.String(role);
    json.EndArray();
  }
  json.EndObject();
  return payload;
}

// Of our own payload: everything is there.
AccessClaims ParsePayload(const std::string& payload) {
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  if (parser.parse(payload).get(json) != simdjson::SUCCESS) return {};
  AccessClaims claims;
  std::string_view text;
  if (json["tid"].get(text) == simdjson::SUCCESS) claims.tenant_id = text;
  if (json["appid"].get(text) == simdjson::SUCCESS) claims.client_id = text;
  int64_t number = 0;
  if (json["uti"].get(text) == simdjson::SUCCESS &&
      absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &number)) {
    claims.not_before = absl::FromUnixMicros(number);
  }
  claims.takes_challenges = json["xms_cc"].error() == simdjson::SUCCESS;
  if (json["exp"].get(number) == simdjson::SUCCESS) {
    claims.expires = absl::FromUnixSeconds(number);
  }
  simdjson::dom::array roles;
  if (json["roles"].get(roles) == simdjson::SUCCESS) {
    for (simdjson::dom::element role : roles) {
      if (role.get(text) == simdjson::SUCCESS) claims.roles.emplace_back(text);
    }
  }
  return claims;
}

}  // namespace

AccessTokens::AccessTokens(Identity signer)
    : signer_(std::move(signer)),
      key_id_(Sha1Thumbprint(*signer_.certificate)) {}

std::string AccessTokens::Sign(absl::string_view payload) const {
  std::string header;
  JsonWriter(header)
      .BeginObject()
      .Member("typ", "JWT")
      .Member("alg", "RS256")
      .Member("x5t", key_id_)
      .Member("kid", key_id_)
      .EndObject();
  return SignJwt(*signer_.key, JwtAlgorithm::kRs256, header, payload);
}

std::string AccessTokens::Mint(const AccessClaims& claims) {
  return Sign(Payload(claims));
}

std::shared_ptr<const AccessClaims> AccessTokens::Open(
    absl::string_view token) {
  {
    absl::MutexLock lock(&mutex_);
    const auto it = opened_.find(token);
    if (it != opened_.end()) return it->second;
  }
  const auto jwt = ParseJwt(token);
  if (!jwt.has_value() ||
      !HasValidSignature(*jwt, JwtAlgorithm::kRs256, *signer_.key)) {
    return nullptr;
  }
  auto claims =
      std::make_shared<const AccessClaims>(ParsePayload(jwt->payload));
  absl::MutexLock lock(&mutex_);
  if (opened_.size() >= kMaxOpened) opened_.clear();
  opened_[token] = claims;
  return claims;
}

std::string AccessTokens::JsonWebKeySet(absl::string_view issuer) const {
  std::string body;
  JsonWriter(body)
      .BeginObject()
      .Key("keys")
      .BeginArray()
      .BeginObject()
      .Member("kty", "RSA")
      .Member("use", "sig")
      .Member("kid", key_id_)
      .Member("x5t", key_id_)
      .Member("n", KeyNumber(*signer_.key, OSSL_PKEY_PARAM_RSA_N))
      .Member("e", KeyNumber(*signer_.key, OSSL_PKEY_PARAM_RSA_E))
      .Key("x5c")
      .BeginArray()
      .String(absl::Base64Escape(ToDer(*signer_.certificate)))
      .EndArray()
      .Member("issuer", issuer)
      .EndObject()
      .EndArray()
      .EndObject();
  return body;
}

}  // namespace rollcall::entra
