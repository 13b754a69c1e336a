#include "tests/fakes/entra/login.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/entra/aad_error.h"
#include "tests/fakes/entra/guid.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/login_authorize.h"
#include "tests/fakes/entra/login_page.h"

namespace rollcall::entra {
namespace {

constexpr absl::string_view kAnyTenant[] = {"common", "organizations",
                                            "consumers"};

bool IsAnyTenant(absl::string_view tenant) {
  return std::any_of(std::begin(kAnyTenant), std::end(kAnyTenant),
                     [tenant](absl::string_view any) {
                       return absl::EqualsIgnoreCase(any, tenant);
                     });
}

HttpResponse JsonResponse(std::string body) {
  return {.content_type = "application/json; charset=utf-8",
          .body = std::move(body)};
}

void WriteTexts(JsonWriter& json, absl::string_view name,
                std::initializer_list<absl::string_view> values) {
  json.Key(name).BeginArray();
  for (absl::string_view value : values) json.String(value);
  json.EndArray();
}

}  // namespace

bool Login::IsTenant(absl::string_view segment) const {
  return absl::EqualsIgnoreCase(segment, context_.tenant_id) ||
         std::any_of(context_.domains.begin(), context_.domains.end(),
                     [segment](const std::string& domain) {
                       return absl::EqualsIgnoreCase(segment, domain);
                     });
}

std::string Login::TenantUrl() const {
  return absl::StrCat(context_.origin, "/", context_.tenant_id);
}

HttpResponse Login::Fail(int code, const HttpRequest& request) const {
  return AadErrorResponse(FindAadError(code), request, context_.now());
}

HttpResponse Login::Handle(HttpRequest request) {
  request.headers.try_emplace(
      "client-request-id",
      Guid::FromSeed(static_cast<uint64_t>(absl::ToUnixNanos(context_.now())),
                     0, 0)
          .ToString());
  HttpResponse response = Route(request);
  response.headers.try_emplace("Cache-Control", "no-store, no-cache");
  response.headers["Pragma"] = "no-cache";
  response.headers["Expires"] = "-1";
  response.headers["x-ms-request-id"] =
      std::string(request.Header("client-request-id"));
  return response;
}

// Paths are /{tenant}/..., compared without regard to case.
HttpResponse Login::Route(const HttpRequest& request) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(absl::StripPrefix(DecodePath(request.path), "/"),
                     absl::MaxSplits('/', 1));
  const auto& [tenant, rest] = parts;
  const auto is = [&rest = rest](absl::string_view path) {
    return absl::EqualsIgnoreCase(rest, path);
  };
  if (request.method == "POST" && is("oauth2/v2.0/token")) {
    return Token(request, tenant);
  }
  if (is("discovery/instance")) return InstanceDiscovery();
  if (is("v2.0/.well-known/openid-configuration") ||
      is(".well-known/openid-configuration")) {
    if (IsTenant(tenant) || IsAnyTenant(tenant)) {
      return OpenIdConfiguration(tenant);
    }
    AadError error = FindAadError(90002);
    error.error = "invalid_tenant";
    return AadErrorResponse(error, request, context_.now());
  }
  if (!IsTenant(tenant) && !IsAnyTenant(tenant)) return ErrorPage(90002);
  if (is("discovery/v2.0/keys") || is("discovery/keys")) {
    return JsonResponse(
        context_.tokens.JsonWebKeySet(absl::StrCat(TenantUrl(), "/v2.0")));
  }
  if (is("oauth2/v2.0/authorize")) return Authorize(context_, codes_, request);
  if (is("v2.0/adminconsent")) {
    if (absl::EqualsIgnoreCase(tenant, "common")) return ErrorPage(9001023);
    return AdminConsent(request, /*v2=*/true);
  }
  if (is("adminconsent")) return AdminConsent(request, /*v2=*/false);
  return {.status = 404, .content_type = "text/html", .body = "Not found.\n"};
}

HttpResponse Login::OpenIdConfiguration(absl::string_view tenant) const {
  const std::string url = TenantUrl();
  std::string body;
  JsonWriter json(body);
  json.BeginObject().Member("token_endpoint",
                            absl::StrCat(url, "/oauth2/v2.0/token"));
  WriteTexts(json, "token_endpoint_auth_methods_supported",
             {"client_secret_post", "private_key_jwt", "client_secret_basic"});
  json.Member("jwks_uri", absl::StrCat(url, "/discovery/v2.0/keys"));
  WriteTexts(json, "response_modes_supported",
             {"query", "fragment", "form_post"});
  WriteTexts(json, "subject_types_supported", {"pairwise"});
  WriteTexts(json, "id_token_signing_alg_values_supported", {"RS256"});
  WriteTexts(json, "response_types_supported",
             {"code", "id_token", "code id_token", "id_token token"});
  WriteTexts(json, "scopes_supported", {"openid", "profile"});
  // For several tenants the issuer is this very text, with the braces.
  json.Member("issuer", IsAnyTenant(tenant)
                            ? absl::StrCat(context_.origin, "/{tenantid}/v2.0")
                            : absl::StrCat(url, "/v2.0"))
      .Key("request_uri_parameter_supported")
      .Bool(false)
      .Member("userinfo_endpoint",
              absl::StrCat(context_.origin, "/oidc/userinfo"))
      .Member("authorization_endpoint",
              absl::StrCat(url, "/oauth2/v2.0/authorize"))
      .Member("end_session_endpoint", absl::StrCat(url, "/oauth2/v2.0/logout"))
      .Member("tenant_region_scope", "EU")
      .Member("cloud_instance_name", "microsoftonline.com")
      .Member("cloud_graph_host_name", "graph.windows.net")
      .Member("msgraph_host", "graph.microsoft.com")
      .EndObject();
  HttpResponse response = JsonResponse(std::move(body));
  response.headers["Cache-Control"] = "max-age=86400, private";
  response.headers["Access-Control-Allow-Origin"] = "*";
  return response;
}

HttpResponse Login::InstanceDiscovery() const {
  const std::string host(absl::StripPrefix(context_.origin, "https://"));
  std::string body;
  JsonWriter json(body);
  json.BeginObject()
      .Member(
          "tenant_discovery_endpoint",
          absl::StrCat(TenantUrl(), "/v2.0/.well-known/openid-configuration"))
      .Key("metadata")
      .BeginArray()
      .BeginObject()
      .Member("preferred_network", host)
      .Member("preferred_cache", host);
  WriteTexts(json, "aliases", {host});
  json.EndObject().EndArray().EndObject();
  return JsonResponse(std::move(body));
}

// ------------------------------------------------------------------ consent

HttpResponse Login::AdminConsent(const HttpRequest& request, bool v2) {
  const Parameters parameters = PageParameters(request);
  if (Find(parameters, "client_id") != context_.application.client_id()) {
    return ErrorPage(700016);
  }
  const absl::string_view redirect_uri = Find(parameters, "redirect_uri");
  if (!context_.application.IsRedirectUri(redirect_uri)) {
    return ErrorPage(50011);
  }
  if (v2 && Find(parameters, "scope").empty()) return ErrorPage(900144);
  if (context_.faults.Strike(FaultKind::kDeclineConsent, request.path) ||
      Find(parameters, "answer") == "decline") {
    return DeclineConsent(parameters, v2);
  }
  if (request.method == "GET" &&
      context_.faults.Strike(FaultKind::kAskConsent, request.path)) {
    return AskConsent(request,
                      "Permissions requested: review for your organization",
                      AllRoles());
  }
  context_.application.Grant(context_.now() + context_.consent_delay());
  return SendBack(redirect_uri, ResponseMode::kQuery,
                  {{"admin_consent", "True"},
                   {"tenant", context_.tenant_id},
                   {"scope", v2 ? std::string(Find(parameters, "scope")) : ""},
                   {"state", std::string(Find(parameters, "state"))}});
}

HttpResponse Login::DeclineConsent(const Parameters& parameters,
                                   bool v2) const {
  const std::string state(Find(parameters, "state"));
  const absl::string_view redirect_uri = Find(parameters, "redirect_uri");
  if (!v2) {
    return SendBack(redirect_uri, ResponseMode::kQuery,
                    {{"error", "permission_denied"},
                     {"error_description", "The admin canceled the request"},
                     {"admin_consent", "True"},
                     {"state", state}});
  }
  const AadError error = FindAadError(65004);
  return SendBack(redirect_uri, ResponseMode::kQuery,
                  {{"error", std::string(error.error)},
                   {"error_description",
                    Describe(error, "00000000-0000-0000-0000-000000000000",
                             context_.now())},
                   {"admin_consent", "True"},
                   {"state", state}});
}

}  // namespace rollcall::entra
