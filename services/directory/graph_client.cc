#include "services/directory/graph_client.h"

#include <algorithm>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/digest.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/graph_link.h"
#include "services/directory/graph_page.h"

namespace rollcall::directory {
namespace {

// A token that ends within this is replaced before it is sent.
constexpr absl::Duration kTokenMargin = absl::Minutes(2);
// How often a wait looks whether somebody still waits for it.
constexpr absl::Duration kWaitSlice = absl::Milliseconds(200);

absl::Status StatusOf(const GraphAnswer& answer, GraphVerdict verdict) {
  const std::string code = answer.codes.empty() ? "" : answer.codes.front();
  Facts facts = {{"http_status", absl::StrCat(answer.status)}};
  if (!code.empty()) facts.push_back({"graph_code", code});
  const std::string said = absl::StrCat("Graph answered ", answer.status,
                                        code.empty() ? "" : " ", code);
  switch (verdict) {
    case GraphVerdict::kOk:
      return absl::OkStatus();
    case GraphVerdict::kRetry:
      return Unavailable(
          answer.status == 429 ? "GRAPH_THROTTLED" : "GRAPH_UNAVAILABLE",
          absl::StrCat(said, "."), facts);
    case GraphVerdict::kRefreshToken:
      return FailedPrecondition(
          "GRAPH_UNAUTHORIZED",
          absl::StrCat(said,
                       ", with a fresh token too. The tenant may have to "
                       "be authorized again."),
          facts);
    case GraphVerdict::kRestartEnumeration:
      return Aborted("GRAPH_PAGE_EXPIRED",
                     absl::StrCat(said, ": a page expired."), facts);
    case GraphVerdict::kResync:
      return Aborted("GRAPH_RESYNC_REQUIRED",
                     absl::StrCat(said, ": everything must be read again."),
                     facts);
    case GraphVerdict::kNotFound:
      return NotFound("GRAPH_NOT_FOUND", absl::StrCat(said, "."), facts);
    case GraphVerdict::kForbidden:
      return FailedPrecondition(
          "GRAPH_FORBIDDEN",
          absl::StrCat(said,
                       ": the application lacks a permission in the "
                       "tenant. Grant it and give consent again."),
          facts);
    case GraphVerdict::kGiveUp:
      break;
  }
  return Internal("GRAPH_REFUSED", absl::StrCat(said, "."), facts);
}

}  // namespace

GraphClient::GraphClient(http::Client& http, AuthorizationClient& authorization,
                         Clock& clock, Waiter& waiter,
                         GraphClientOptions options)
    : http_(http),
      authorization_(authorization),
      clock_(clock),
      waiter_(waiter),
      options_(options) {}

absl::StatusOr<std::unique_ptr<GraphSession>> GraphClient::Open(
    const ConnectionName& connection, std::function<bool()> cancelled) {
  ASSIGN_OR_RETURN(AccessToken token,
                   authorization_.MintAccessToken(connection));
  return std::make_unique<GraphSession>(*this, connection, std::move(token),
                                        std::move(cancelled));
}

GraphSession::GraphSession(GraphClient& client, ConnectionName connection,
                           AccessToken token, std::function<bool()> cancelled)
    : client_(client),
      connection_(std::move(connection)),
      tenant_id_(token.tenant_id),
      origin_(token.graph_origin),
      cancelled_(std::move(cancelled)),
      token_(std::move(token)) {}

absl::StatusOr<std::string> GraphSession::Get(absl::string_view path,
                                              const http::Headers& headers) {
  return Follow(absl::StrCat(origin_, path), headers);
}

absl::StatusOr<std::string> GraphSession::Follow(absl::string_view link,
                                                 const http::Headers& headers) {
  http::Request request;
  request.url = std::string(link);
  request.headers = headers;
  return Send(std::move(request));
}

absl::StatusOr<std::string> GraphSession::Post(absl::string_view path,
                                               absl::string_view body) {
  http::Request request;
  request.method = "POST";
  request.url = absl::StrCat(origin_, path);
  request.headers = {{"Content-Type", "application/json"}};
  request.body = std::string(body);
  return Send(std::move(request));
}

absl::StatusOr<std::string> GraphSession::Send(http::Request request) {
  RETURN_IF_ERROR(CheckGraphLink(request.url, origin_));
  request.headers.push_back({"Accept", "application/json"});
  request.headers.push_back({"client-request-id", RandomUuid()});
  request.headers.push_back({"x-ms-throttle-priority", "Low"});
  ASSIGN_OR_RETURN(Secret token, CurrentToken());
  bool refreshed = false;
  for (int tries = 1;; ++tries) {
    RETURN_IF_ERROR(CheckAlive());
    ASSIGN_OR_RETURN(Try attempt, TryOnce(request, token));
    if (attempt.verdict == GraphVerdict::kOk) {
      failures_in_a_row_ = 0;
      return std::move(attempt.body);
    }
    if (attempt.verdict == GraphVerdict::kRefreshToken) {
      // The second refusal is told as well: it is what decides (R12).
      RETURN_IF_ERROR(
          client_.authorization_.ReportRejectedToken(connection_, token));
      if (std::exchange(refreshed, true)) return attempt.status;
      ASSIGN_OR_RETURN(token, FreshToken(token));
      continue;
    }
    if (attempt.verdict != GraphVerdict::kRetry) return attempt.status;
    absl::BitGen random;
    const absl::Duration wait = attempt.retry_after.value_or(
        BackoffDelay(client_.options_.backoff, tries,
                     absl::Uniform<double>(random, 0.0, 1.0)));
    if (tries >= client_.options_.max_tries) {
      ++failures_in_a_row_;
      return attempt.status;
    }
    if (wait > client_.options_.max_wait) {
      return WithRetryDelay(attempt.status, wait);
    }
    RETURN_IF_ERROR(WaitFor(wait));
  }
}

absl::StatusOr<GraphSession::Try> GraphSession::TryOnce(
    const http::Request& request, const Secret& token) {
  http::Request authorized = request;
  authorized.headers.push_back(
      {"Authorization", absl::StrCat("Bearer ", token.Reveal())});
  absl::StatusOr<http::Response> response = client_.http_.Send(authorized);
  if (!response.ok()) {
    if (!absl::IsUnavailable(response.status())) return response.status();
    return Try{.status =
                   Unavailable("GRAPH_UNAVAILABLE",
                               absl::StrCat("Graph could not be reached: ",
                                            response.status().message()))};
  }
  ++answers_;
  GraphAnswer answer{.status = response->status,
                     .retry_after = response->Header("Retry-After")};
  if (answer.status != 200) answer.codes = ParseErrorCodes(response->body);
  Try attempt;
  attempt.verdict = Judge(answer);
  attempt.status = StatusOf(answer, attempt.verdict);
  if (answer.retry_after.has_value()) {
    attempt.retry_after =
        ParseRetryAfter(*answer.retry_after, client_.clock_.TimeNow());
  }
  attempt.body = std::move(response->body);
  return attempt;
}

absl::StatusOr<Secret> GraphSession::CurrentToken() {
  {
    absl::MutexLock lock(&mutex_);
    if (client_.clock_.TimeNow() + kTokenMargin < token_.expire_time) {
      return token_.token;
    }
  }
  return Mint();
}

absl::StatusOr<Secret> GraphSession::FreshToken(const Secret& rejected) {
  {
    // Another thread may have been here before.
    absl::MutexLock lock(&mutex_);
    if (token_.token != rejected) return token_.token;
  }
  return Mint();
}

absl::StatusOr<Secret> GraphSession::Mint() {
  ASSIGN_OR_RETURN(AccessToken fresh,
                   client_.authorization_.MintAccessToken(connection_));
  if (fresh.graph_origin != origin_ || fresh.tenant_id != tenant_id_) {
    return Aborted("CONNECTION_CHANGED",
                   "The connection points to another tenant now.");
  }
  absl::MutexLock lock(&mutex_);
  token_ = std::move(fresh);
  return token_.token;
}

absl::Status GraphSession::WaitFor(absl::Duration duration) {
  while (duration > absl::ZeroDuration()) {
    RETURN_IF_ERROR(CheckAlive());
    const absl::Duration slice = std::min(duration, kWaitSlice);
    client_.waiter_.Wait(slice);
    duration -= slice;
  }
  return absl::OkStatus();
}

absl::Status GraphSession::CheckAlive() const {
  if (cancelled_()) {
    return Cancelled("READ_CANCELLED", "Nobody waits for this read any more.");
  }
  if (failures_in_a_row_ >= client_.options_.max_failures_in_a_row) {
    return Unavailable("GRAPH_DOWN",
                       "Graph has not answered for a while; the read ends.");
  }
  return absl::OkStatus();
}

bool EndsTheRead(const absl::Status& status) {
  static constexpr absl::string_view kCostsOnlyItself[] = {
      "GRAPH_LINK_ELSEWHERE",  "GRAPH_NOT_FOUND",      "GRAPH_OBJECT_MALFORMED",
      "GRAPH_PAGES_ENDLESS",   "GRAPH_PAGES_EXPIRE",   "GRAPH_PAGE_LOOP",
      "GRAPH_PAGE_MALFORMED",  "GRAPH_PAGE_TOO_LARGE", "GRAPH_REFUSED",
      "GRAPH_RESYNC_REQUIRED", "GRAPH_UNAVAILABLE",    "HTTP_BODY_TOO_LARGE"};
  const std::string reason = ReasonOf(status);
  return !status.ok() &&
         std::find(std::begin(kCostsOnlyItself), std::end(kCostsOnlyItself),
                   reason) == std::end(kCostsOnlyItself);
}

}  // namespace rollcall::directory
