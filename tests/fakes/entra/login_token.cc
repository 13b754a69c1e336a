// The token endpoint of the login host.

#include <simdjson.h>

#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/entra/aad_error.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/jwt.h"
#include "tests/fakes/entra/login.h"
#include "tests/fakes/entra/login_authorize.h"

namespace rollcall::entra {
namespace {

constexpr absl::Duration kTokenLife = absl::Seconds(3599);
constexpr absl::Duration kClockSkew = absl::Minutes(5);
constexpr char kAssertionType[] =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr char kGraphScope[] = "https://graph.microsoft.com/.default";
// In the parameter `claims`: the client understands claims challenges.
constexpr char kChallengeCapability[] = "\"cp1\"";

struct Credentials {
  std::string id;
  std::string secret;
};

// From the form, or else from HTTP Basic (RFC 6749 section 2.3.1).
Credentials CredentialsOf(const HttpRequest& request, const Parameters& form) {
  Credentials credentials{.id = std::string(Find(form, "client_id")),
                          .secret = std::string(Find(form, "client_secret"))};
  absl::string_view header = request.Header("authorization");
  std::string decoded;
  if (!absl::StartsWithIgnoreCase(header, "Basic ") ||
      !absl::Base64Unescape(header.substr(6), &decoded)) {
    return credentials;
  }
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(decoded, absl::MaxSplits(':', 1));
  return {.id = DecodePath(parts.first), .secret = DecodePath(parts.second)};
}

// What an assertion says; what is missing stays empty.
struct Assertion {
  JwtAlgorithm algorithm = JwtAlgorithm::kPs256;
  std::string thumbprint;
  std::string audience;
  std::string issuer;
  std::string subject;
  absl::Time not_before = absl::InfinitePast();
  absl::Time expires = absl::InfinitePast();
};

std::string Text(simdjson::dom::element json, const char* name) {
  std::string_view text;
  return json[name].get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

absl::Time Time(simdjson::dom::element json, const char* name) {
  int64_t seconds = 0;
  return json[name].get(seconds) == simdjson::SUCCESS
             ? absl::FromUnixSeconds(seconds)
             : absl::InfinitePast();
}

std::optional<Assertion> ReadAssertion(const ParsedJwt& jwt) {
  simdjson::dom::parser header_parser;
  simdjson::dom::parser payload_parser;
  simdjson::dom::element header;
  simdjson::dom::element payload;
  if (header_parser.parse(jwt.header).get(header) != simdjson::SUCCESS ||
      payload_parser.parse(jwt.payload).get(payload) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  Assertion assertion{.audience = Text(payload, "aud"),
                      .issuer = Text(payload, "iss"),
                      .subject = Text(payload, "sub"),
                      .not_before = Time(payload, "nbf"),
                      .expires = Time(payload, "exp")};
  const std::string algorithm = Text(header, "alg");
  if (algorithm == "PS256") {
    assertion.thumbprint = Text(header, "x5t#S256");
  } else if (algorithm == "RS256") {
    assertion.algorithm = JwtAlgorithm::kRs256;
    assertion.thumbprint = Text(header, "x5t");
  } else {
    return std::nullopt;
  }
  return assertion;
}

}  // namespace

int Login::CheckAssertion(absl::string_view text) const {
  const auto jwt = ParseJwt(text);
  const auto assertion = jwt ? ReadAssertion(*jwt) : std::nullopt;
  if (!assertion.has_value()) return 50027;
  const std::string url = TenantUrl();
  if (!absl::EqualsIgnoreCase(assertion->audience,
                              absl::StrCat(url, "/oauth2/v2.0/token")) &&
      !absl::EqualsIgnoreCase(assertion->audience,
                              absl::StrCat(url, "/v2.0"))) {
    return 50027;
  }
  if (assertion->issuer != context_.application.client_id()) return 700016;
  if (assertion->subject != assertion->issuer) return 50048;
  if (!context_.application.Verifies(*jwt, assertion->algorithm,
                                     assertion->thumbprint)) {
    return 700027;
  }
  const absl::Time now = context_.now();
  if (now >= assertion->expires + kClockSkew ||
      now < assertion->not_before - kClockSkew) {
    return 700024;
  }
  return 0;
}

int Login::CheckClient(const HttpRequest& request,
                       const Parameters& form) const {
  const Credentials credentials = CredentialsOf(request, form);
  const absl::string_view assertion = Find(form, "client_assertion");
  // With an assertion, the id may be left to it.
  if (credentials.id.empty() && assertion.empty()) return 900144;
  if (!credentials.id.empty() &&
      !absl::EqualsIgnoreCase(credentials.id,
                              context_.application.client_id())) {
    return 700016;
  }
  if (!assertion.empty()) {
    if (Find(form, "client_assertion_type") != kAssertionType) return 90014;
    return CheckAssertion(assertion);
  }
  if (credentials.secret.empty()) return 7000218;
  switch (context_.application.Check(credentials.secret)) {
    case SecretCheck::kRight:
      return 0;
    case SecretCheck::kExpired:
      return 7000222;
    case SecretCheck::kWrong:
      break;
  }
  return 7000215;
}

int Login::CheckScope(absl::string_view scope) const {
  const std::vector<absl::string_view> scopes =
      absl::StrSplit(scope, ' ', absl::SkipEmpty());
  if (scopes.empty()) return 900144;
  if (scopes.size() > 1) return 700022;
  if (scopes[0] == kGraphScope ||
      scopes[0] == absl::StrCat(context_.origin, "/.default")) {
    return 0;
  }
  return absl::EndsWith(scopes[0], "/.default") ? 500011 : 70011;
}

HttpResponse Login::ClientCredentials(const HttpRequest& request,
                                      const Parameters& form) {
  if (const int code = CheckScope(Find(form, "scope"))) {
    return Fail(code, request);
  }
  const absl::Time now = context_.now();
  const Consent consent = context_.application.ConsentAt(now);
  if (consent == Consent::kNone) return Fail(7000229, request);
  AccessClaims claims{.tenant_id = context_.tenant_id,
                      .client_id = context_.application.client_id(),
                      .not_before = now,
                      .expires = now + kTokenLife,
                      .takes_challenges = absl::StrContains(
                          Find(form, "claims"), kChallengeCapability)};
  // Minted before the consent has settled, it allows nothing, for as long as
  // it lives.
  if (consent == Consent::kGranted) claims.roles = AllRoles();
  HttpResponse response{.content_type = "application/json; charset=utf-8"};
  const int64_t lifetime = absl::ToInt64Seconds(kTokenLife);
  JsonWriter(response.body)
      .BeginObject()
      .Member("token_type", "Bearer")
      .Key("expires_in")
      .Int(lifetime)
      .Key("ext_expires_in")
      .Int(lifetime)
      .Member("access_token", context_.tokens.Mint(claims))
      .EndObject();
  return response;
}

HttpResponse Login::Token(const HttpRequest& request,
                          absl::string_view tenant) {
  if (const auto fault =
          context_.faults.Strike(FaultKind::kTokenError, request.path)) {
    int code = 0;
    if (absl::SimpleAtoi(fault->code, &code)) return Fail(code, request);
    HttpResponse response{.status = fault->status == 0 ? 503 : fault->status,
                          .content_type = "text/html",
                          .body =
                              "<html><body>Service Unavailable</body>"
                              "</html>"};
    if (!fault->retry_after.empty()) {
      response.headers["Retry-After"] = fault->retry_after;
    }
    return response;
  }
  if (const auto fault =
          context_.faults.Strike(FaultKind::kTokenTrouble, request.path)) {
    constexpr int kCodes[] = {0, 90033, 90006};
    if (const int code = kCodes[fault->turn % std::size(kCodes)]) {
      return Fail(code, request);
    }
    return {.status = 503,
            .content_type = "text/html",
            .body = "<html><body>Service Unavailable</body></html>"};
  }
  const Parameters form = ParseQuery(request.body);
  if (Find(form, "grant_type").empty()) return Fail(900144, request);
  const bool signed_in = Find(form, "grant_type") == "authorization_code";
  if (!signed_in && Find(form, "grant_type") != "client_credentials") {
    return Fail(70003, request);
  }
  const bool shared = absl::EqualsIgnoreCase(tenant, "common") ||
                      absl::EqualsIgnoreCase(tenant, "organizations");
  if (!IsTenant(tenant) && !(signed_in && shared)) {
    const bool any = shared || absl::EqualsIgnoreCase(tenant, "consumers");
    return Fail(any ? 9001023 : 90002, request);
  }
  if (const int code = CheckClient(request, form)) return Fail(code, request);
  return signed_in ? RedeemCode(context_, codes_, request, form)
                   : ClientCredentials(request, form);
}

}  // namespace rollcall::entra
