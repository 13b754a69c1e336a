#include "tests/fakes/entra/graph.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/entra/collection.h"
#include "tests/fakes/entra/compression.h"
#include "tests/fakes/entra/graph_batch.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/graph_routes.h"
#include "tests/fakes/entra/json_writer.h"

namespace rollcall::entra {
namespace {

// From this share of the limit on, an answer says how much is used.
constexpr double kTellShare = 0.8;

constexpr char kInvalidToken[] = "InvalidAuthenticationToken";
constexpr absl::Duration kClockSkew = absl::Minutes(5);

constexpr size_t kSmallestCompressed = 860;  // less is not worth it
constexpr size_t kSmallestKept = 4096;

bool AcceptsGzip(const HttpRequest& request) {
  return absl::StrContains(request.Header("accept-encoding"), "gzip");
}

// All that the answer to a GET depends on, but for the tenant.
std::string CacheKey(const GraphCall& call, SkipTokenForm form) {
  const Permissions& may = call.permissions;
  return absl::StrCat(call.Target(), "\n", call.eventual, may.users, may.groups,
                      may.others, may.organization, may.hidden_members,
                      static_cast<int>(form));
}

// The claims that a token must have from now on, as a challenge tells them.
std::string ClaimsChallenge(absl::Time not_before) {
  std::string claims;
  JsonWriter(claims)
      .BeginObject()
      .Key("access_token")
      .BeginObject()
      .Key("nbf")
      .BeginObject()
      .Key("essential")
      .Bool(true)
      .Member("value", absl::StrCat(absl::ToUnixSeconds(not_before)))
      .EndObject()
      .EndObject()
      .EndObject();
  return absl::Base64Escape(claims);
}

bool IsDelta(const GraphCall& call) {
  return call.segments.size() == 2 &&
         absl::EqualsIgnoreCase(call.segments[1], "delta");
}

// Delta queries ignore $top, whatever it says.
std::string WithoutTop(absl::string_view query) {
  std::vector<absl::string_view> kept;
  for (absl::string_view part : absl::StrSplit(query, '&')) {
    const absl::string_view name = part.substr(0, part.find('='));
    if (!absl::EqualsIgnoreCase(DecodePath(name), "$top")) kept.push_back(part);
  }
  return absl::StrJoin(kept, "&");
}

bool IsBatch(const HttpRequest& request) {
  return request.method == "POST" &&
         absl::EqualsIgnoreCase(DecodePath(request.path), "/v1.0/$batch");
}

}  // namespace

std::string GraphErrorBody(absl::string_view code, absl::string_view message,
                           const HttpRequest& request, absl::Time now) {
  std::string body;
  JsonWriter json(body);
  json.BeginObject()
      .Key("error")
      .BeginObject()
      .Member("code", code)
      .Member("message", message)
      .Key("innerError")
      .BeginObject();
  if (code == "TooManyRequests") {
    json.Member("code", "429")
        .Member("message", "Please retry after")
        .Member("status", "429");
  }
  json.Member("date",
              absl::FormatTime("%Y-%m-%dT%H:%M:%S", now, absl::UTCTimeZone()))
      .Member("request-id", request.Header("request-id"))
      .Member("client-request-id", request.Header("client-request-id"))
      .EndObject()
      .EndObject()
      .EndObject();
  return body;
}

Graph::Graph(GraphContext context, AccessTokens& tokens,
             Application& application, ThrottleBudget& budget)
    : context_(std::move(context)),
      tokens_(tokens),
      application_(application),
      budget_(budget) {}

HttpResponse Graph::Error(const HttpRequest& request,
                          const absl::Status& status) const {
  const GraphErrorFacts facts = Explain(status);
  return {.status = facts.http_status,
          .body = GraphErrorBody(facts.code, facts.message, request,
                                 context_.now())};
}

HttpResponse Graph::Unauthorized(const HttpRequest& request,
                                 absl::string_view code,
                                 absl::string_view message,
                                 absl::string_view challenge) const {
  HttpResponse response = Error(request, GraphError(401, code, message));
  response.headers["WWW-Authenticate"] =
      absl::StrCat("Bearer realm=\"\", authorization_uri=\"", context_.origin,
                   "/common/oauth2/authorize\", "
                   "client_id=\"00000003-0000-0000-c000-000000000000\"",
                   challenge);
  return response;
}

HttpResponse Graph::Handle(const HttpRequest& request) {
  absl::string_view token = request.Header("authorization");
  if (!absl::StartsWithIgnoreCase(token, "Bearer ") ||
      token.size() == std::string("Bearer ").size()) {
    return Unauthorized(request, kInvalidToken, "Access token is empty.");
  }
  token.remove_prefix(std::string("Bearer ").size());
  const auto claims = tokens_.Open(absl::StripAsciiWhitespace(token));
  if (claims == nullptr || claims->client_id != application_.client_id()) {
    return Unauthorized(request, kInvalidToken,
                        "CompactToken parsing failed with error code: "
                        "80049217");
  }
  const absl::Time now = context_.now();
  if (now < claims->not_before - kClockSkew) {
    return Unauthorized(request, kInvalidToken,
                        "Access token has expired or is not yet valid.");
  }
  if (now >= claims->expires) {
    return Unauthorized(request, kInvalidToken,
                        "Lifetime validation failed, the token is expired.");
  }
  if (claims->takes_challenges) {
    const int64_t revoked = context_.knobs.revoked_before;
    if (absl::ToUnixMicros(claims->not_before) < revoked) {
      return Unauthorized(
          request, kInvalidToken,
          "Continuous access evaluation resulted in challenge with result: "
          "InteractionRequired and code: TokenCreatedWithOutdatedPolicies",
          absl::StrCat(", error=\"insufficient_claims\", claims=\"",
                       ClaimsChallenge(absl::FromUnixMicros(revoked)), "\""));
    }
  }
  if (claims->tenant_id != context_.tenant_id ||
      application_.ConsentAt(now) == Consent::kNone) {
    return Unauthorized(
        request, "Authorization_IdentityNotFound",
        "The identity of the calling application could not be established.");
  }
  if (const auto fault =
          context_.faults.Strike(FaultKind::kConsentSettling, request.path)) {
    if (fault->turn % 2 == 1) return Error(request, AccessDenied());
    return Unauthorized(
        request, "Authorization_IdentityNotFound",
        "The identity of the calling application could not be established.");
  }
  context_.tenant.PurgeOldDeleted();
  return IsBatch(request) ? AnswerBatch(request, *claims)
                          : AnswerOne(request, *claims);
}

HttpResponse Graph::AnswerOne(const HttpRequest& request,
                              const AccessClaims& claims) {
  GraphCall call{.request = request,
                 .segments = SplitGraphPath(request.path),
                 .eventual = absl::EqualsIgnoreCase(
                     request.Header("consistencylevel"), "eventual")};
  if (!call.segments.empty() &&
      absl::EqualsIgnoreCase(call.segments.back(), "$count")) {
    call.only_count = true;
    call.segments.pop_back();
  }
  absl::StatusOr<QueryOptions> options = ParseQueryOptions(
      IsDelta(call) ? WithoutTop(request.query) : request.query);
  absl::Status refused = options.status();
  if (options.ok()) call.options = *std::move(options);
  call.permissions = PermissionsOf(claims, call.Target());
  if (context_.faults.Strike(FaultKind::kOptionsIgnored, call.Target())) {
    call.options.filter.reset();
    call.options.search.reset();
    call.options.order_by.reset();
    call.options.expand.reset();
  }

  const int64_t units = ResourceUnits(call.segments, call.options);
  const ThrottleBudget::Verdict verdict = budget_.Charge(units, context_.now());
  if (refused.ok()) refused = CheckRepeatedHeaders(context_, call);
  HttpResponse response = verdict.refused ? Refuse(request, verdict)
                          : refused.ok()  ? Serve(call)
                                          : Error(request, refused);
  response.headers["x-ms-resource-unit"] = absl::StrCat(units);
  if (verdict.used > kTellShare) {
    response.headers["x-ms-throttle-limit-percentage"] =
        absl::StrFormat("%.1f", verdict.used);
  }
  return response;
}

HttpResponse Graph::Serve(const GraphCall& call) {
  const HttpRequest& request = call.request;
  const bool gzip = AcceptsGzip(request);
  // Faults are drawn anew for every request, and the links of delta queries
  // carry the time.
  const bool may_keep = gzip && request.method == "GET" &&
                        context_.faults.empty() &&
                        !absl::StrContains(request.path, "delta");
  const std::string key =
      may_keep ? CacheKey(call, context_.knobs.skip_token_form) : "";
  // Read before the answer is made: a change in between makes it stale.
  const uint64_t version = context_.tenant.version();
  if (may_keep) {
    if (const auto page = cache_.Find(key, version)) return page->response;
  }
  absl::StatusOr<GraphReply> reply = Route(context_, call);
  if (!reply.ok()) return Error(request, reply.status());
  HttpResponse response{.status = reply->status,
                        .headers = std::move(reply->headers),
                        .content_type = reply->content_type.empty()
                                            ? kGraphContentType
                                            : reply->content_type,
                        .body = std::move(reply->body)};
  response.headers["OData-Version"] = "4.0";
  if (!gzip || response.body.size() < kSmallestCompressed) return response;
  response.body = Gzip(response.body);
  response.headers["Content-Encoding"] = "gzip";
  if (may_keep && response.body.size() >= kSmallestKept) {
    response.body.shrink_to_fit();
    cache_.Keep(key, {response, version});
  }
  return response;
}

HttpResponse Graph::Refuse(const HttpRequest& request,
                           const ThrottleBudget::Verdict& verdict) const {
  HttpResponse response = Error(
      request, GraphError(429, "TooManyRequests", "Please retry again later."));
  const std::string retry_after = FormatRetryAfter(
      verdict.retry_after, context_.now(), context_.knobs.retry_after_form);
  if (!retry_after.empty()) response.headers["Retry-After"] = retry_after;
  // The limit of requests is not one of the directory, which says no more.
  if (verdict.scope == ThrottleScope::kRequests) return response;
  response.headers["x-ms-throttle-scope"] =
      verdict.scope == ThrottleScope::kApplication
          ? absl::StrCat("Application/ReadWrite/", context_.client_id)
          : absl::StrCat("Tenant_Application/ReadWrite/", context_.client_id,
                         "/", context_.tenant_id);
  response.headers["x-ms-throttle-information"] = "ResourceUnitLimitExceeded";
  return response;
}

HttpResponse Graph::AnswerBatch(const HttpRequest& request,
                                const AccessClaims& claims) {
  const auto few = context_.faults.Strike(FaultKind::kBatchLimit, request.path);
  int64_t count = 0;
  const absl::StatusOr<std::string> body = RunBatch(
      request, [&](const HttpRequest& item) -> std::optional<HttpResponse> {
        context_.manners.Item(item, context_.now());
        if (context_.faults.Strike(FaultKind::kBatchItemLost, item.path)) {
          return std::nullopt;
        }
        HttpResponse response =
            few.has_value() && ++count > few->limit
                ? ThrottledFaultResponse(*few, item, context_.now())
                : AnswerItem(item, claims);
        context_.manners.Answered(item, response, context_.now());
        return response;
      });
  if (!body.ok()) return Error(request, body.status());
  return {.content_type = "application/json", .body = *body};
}

HttpResponse Graph::AnswerItem(const HttpRequest& item,
                               const AccessClaims& claims) {
  if (const auto fault =
          context_.faults.Strike(FaultKind::kBatchThrottled, item.path)) {
    return ThrottledFaultResponse(*fault, item, context_.now());
  }
  if (const auto fault = context_.faults.Strike(
          FaultKind::kStatus,
          absl::StrCat(item.path, item.query.empty() ? "" : "?", item.query))) {
    return StatusFaultResponse(*fault, item, context_.now());
  }
  return IsBatch(item) ? Error(item, BadRequest("Batches cannot be nested."))
                       : AnswerOne(item, claims);
}

Permissions Graph::PermissionsOf(const AccessClaims& claims,
                                 absl::string_view target) const {
  // One that is missing by a fault is not made up for by a broader one.
  const auto missing = [&](absl::string_view role) {
    return context_.faults.StrikesName(FaultKind::kMissingPermission, target,
                                       role);
  };
  const auto has = [&](absl::string_view role) {
    return std::find(claims.roles.begin(), claims.roles.end(), role) !=
           claims.roles.end();
  };
  const bool directory =
      has("Directory.Read.All") && !missing("Directory.Read.All");
  const auto may = [&](absl::string_view role) {
    return !missing(role) && (directory || has(role));
  };
  const bool group_delta = may("Group.Read.All");
  return {.users = may("User.Read.All"),
          .groups = !missing("GroupMember.Read.All") &&
                    (group_delta || may("GroupMember.Read.All") ||
                     may("GroupMember.ReadBasic.All")),
          .group_delta = group_delta,
          .others = directory,
          .organization = may("Organization.Read.All"),
          .hidden_members =
              has("Member.Read.Hidden") && !missing("Member.Read.Hidden"),
          .limited_members =
              context_.faults.Strike(FaultKind::kLimitedMembers, target)
                  .has_value()};
}

}  // namespace rollcall::entra
