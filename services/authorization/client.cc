#include "services/authorization/client.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/digest.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/authorization/token_target.h"

namespace rollcall::authorization {
namespace {

constexpr int kMaxParallel = 8;
constexpr size_t kMaxAnswer = 1 << 20;
constexpr absl::Duration kMaxRetryAfter = absl::Hours(1);

std::string TokenEndpoint(const TenantAccess& access) {
  return absl::StrCat(access.login_origin, "/",
                      http::PercentEncode(access.tenant_id),
                      "/oauth2/v2.0/token");
}

// Protocol §1.3.
std::string TokenForm(const TenantAccess& access, absl::Time now) {
  std::vector<std::pair<std::string, std::string>> fields = {
      {"client_id", access.client_id},
      {"scope", access.graph_origin + "/.default"},
      {"grant_type", "client_credentials"}};
  if (access.credential.has_certificate()) {
    const Secret assertion = access.credential.SignAssertion(
        access.client_id, TokenEndpoint(access), now);
    fields.emplace_back(
        "client_assertion_type",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    fields.emplace_back("client_assertion", std::string(assertion.Reveal()));
  } else {
    fields.emplace_back("client_secret",
                        std::string(access.credential.secret().Reveal()));
  }
  std::string form = http::FormEncode(fields);
  OPENSSL_cleanse(fields.back().second.data(), fields.back().second.size());
  return form;
}

absl::optional<absl::Duration> RetryAfter(const http::Response& response,
                                          absl::Time now) {
  const auto header = response.Header("retry-after");
  if (!header.has_value()) return absl::nullopt;
  return ParseRetryAfter(*header, now);
}

void Wipe(std::string* text) { OPENSSL_cleanse(text->data(), text->size()); }

}  // namespace

absl::StatusOr<std::unique_ptr<EntraClient>> EntraClient::Create(
    EntraClientOptions options) {
  ASSIGN_OR_RETURN(auto http,
                   http::Client::Create({.ca_file = options.ca_file,
                                         .max_parallel = kMaxParallel}));
  return std::unique_ptr<EntraClient>(
      new EntraClient(std::move(http), options.timeout));
}

TokenAnswer EntraClient::RequestToken(const TenantAccess& access,
                                      absl::Time now) {
  http::Request request = {
      .method = "POST",
      .url = TokenEndpoint(access),
      .headers = {{"Accept", "application/json"},
                  {"Content-Type", "application/x-www-form-urlencoded"},
                  {"client-request-id", RandomUuid()}},
      .body = TokenForm(access, now),
      .timeout = timeout_,
      .max_body_bytes = kMaxAnswer};
  auto response = http_->Send(request);
  Wipe(&request.body);
  TokenAnswer answer;
  if (!response.ok()) {
    LogWarning("token_endpoint_unreachable",
               {{"origin", access.login_origin}, {"error", response.status()}});
    return answer;
  }
  answer.token = ParseTokenReply(response->status, response->body);
  answer.retry_after = RetryAfter(*response, now);
  Wipe(&response->body);
  return answer;
}

absl::StatusOr<Organization> EntraClient::GetOrganization(
    const TenantAccess& access, const Secret& token, absl::Time now) {
  http::Request request = {
      .url = absl::StrCat(access.graph_origin,
                          "/v1.0/organization?$select=id,displayName"),
      .headers = {{"Accept", "application/json"},
                  {"client-request-id", RandomUuid()},
                  {"Authorization", absl::StrCat("Bearer ", token.Reveal())}},
      .timeout = timeout_,
      .max_body_bytes = kMaxAnswer};
  RETURN_IF_ERROR(CheckTokenTarget(request.url, access.graph_origin));
  const auto response = http_->Send(request);
  Wipe(&request.headers.back().second);
  if (!response.ok()) {
    return Annotate(response.status(), "The organisation cannot be read");
  }
  const int status = response->status;
  const Facts facts = {{"http_status", absl::StrCat(status)}};
  if (status == 401 || status == 403) {
    return PermissionDenied(
        "GRAPH_REFUSED",
        absl::StrCat("Graph refuses to show the organisation (HTTP ", status,
                     ")."),
        facts);
  }
  if (status == 429 || status == 408 || status >= 500) {
    absl::Status busy = Unavailable(
        "GRAPH_BUSY", absl::StrCat("Graph answers with HTTP ", status, "."),
        facts);
    const auto retry_after = RetryAfter(*response, now);
    return retry_after.has_value() ? WithRetryDelay(busy, *retry_after) : busy;
  }
  if (status != 200) {
    return FailedPrecondition(
        "GRAPH_UNEXPECTED",
        absl::StrCat("Graph does not know its organisation (HTTP ", status,
                     ")."),
        facts);
  }
  const auto organization = ParseOrganization(response->body);
  if (!organization.has_value()) {
    return Unavailable("GRAPH_ANSWER_MALFORMED",
                       "Graph's answer about the organisation is not one.");
  }
  return *organization;
}

absl::optional<absl::Duration> ParseRetryAfter(absl::string_view text,
                                               absl::Time now) {
  double seconds = 0;
  absl::Time date;
  std::string error;
  absl::Duration wait;
  if (absl::SimpleAtod(text, &seconds) && std::isfinite(seconds)) {
    wait = absl::Seconds(seconds);
  } else if (absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", text, &date,
                             &error)) {
    wait = date - now;
  } else {
    return absl::nullopt;
  }
  return std::clamp(wait, absl::ZeroDuration(), kMaxRetryAfter);
}

}  // namespace rollcall::authorization
