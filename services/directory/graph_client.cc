#include "services/directory/graph_client.h"

#include <algorithm>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/digest.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/graph_link.h"
#include "services/directory/graph_page.h"

namespace rollcall::directory {
namespace {

// A token that ends within this is replaced before it is sent.
constexpr absl::Duration kTokenMargin = absl::Minutes(2);
// What is waited at least before a try that may follow "at once": what fails is
// never asked for in a hot loop.
constexpr BackoffPolicy kLeastWait = {.initial = absl::Milliseconds(100),
                                      .maximum = absl::Seconds(2)};
// How often a wait looks whether somebody still waits for it.
constexpr absl::Duration kWaitSlice = absl::Milliseconds(200);

absl::Duration Jittered(const BackoffPolicy& policy, int failures) {
  absl::BitGen random;
  return BackoffDelay(policy, failures, absl::Uniform<double>(random, 0, 1));
}

absl::Status Throttled(absl::Duration wait) {
  return WithRetryDelay(
      Unavailable("GRAPH_THROTTLED",
                  absl::StrCat("Graph wants to be left alone for ",
                               absl::FormatDuration(wait), ".")),
      wait);
}

}  // namespace

GraphClient::GraphClient(http::Client& http, AuthorizationClient& authorization,
                         rollcall::store::Store& store, Clock& clock,
                         Waiter& waiter, GraphClientOptions options)
    : http_(http),
      authorization_(authorization),
      holds_(store),
      clock_(clock),
      waiter_(waiter),
      options_(options) {}

absl::StatusOr<std::unique_ptr<GraphSession>> GraphClient::Open(
    const ConnectionName& connection, std::function<bool()> cancelled) {
  absl::optional<AccessToken> token = Recall(connection);
  if (!token.has_value()) {
    ASSIGN_OR_RETURN(token, Mint(connection));
  }
  ASSIGN_OR_RETURN(SharedPace* const pace, PaceOf(token->tenant_id));
  return std::make_unique<GraphSession>(
      *this, *pace, connection, *std::move(token), std::move(cancelled));
}

TenantQuota GraphClient::Quota(absl::string_view tenant_id) {
  const absl::Time now = clock_.TimeNow();
  absl::MutexLock lock(&mutex_);
  const auto found = paces_.find(tenant_id);
  if (found == paces_.end()) return {};
  SharedPace& shared = found->second;
  absl::MutexLock pace_lock(&shared.mutex);
  return {.used = shared.pace.used(now),
          .recent_units = shared.pace.recent_units(now),
          .in_flight = shared.in_flight};
}

absl::optional<AccessToken> GraphClient::Recall(
    const ConnectionName& connection) {
  const absl::Time now = clock_.TimeNow();
  absl::MutexLock lock(&mutex_);
  const auto found = tokens_.find(connection.ToString());
  if (found == tokens_.end()) return absl::nullopt;
  const KnownToken& known = found->second;
  if (now >= known.mint_time + options_.token_reuse || now < known.mint_time ||
      now + kTokenMargin >= known.token.expire_time) {
    tokens_.erase(found);
    return absl::nullopt;
  }
  return known.token;
}

absl::StatusOr<AccessToken> GraphClient::Mint(
    const ConnectionName& connection) {
  Forget(connection);
  ASSIGN_OR_RETURN(AccessToken token,
                   authorization_.MintAccessToken(connection));
  absl::MutexLock lock(&mutex_);
  tokens_.insert_or_assign(
      connection.ToString(),
      KnownToken{.token = token, .mint_time = clock_.TimeNow()});
  return token;
}

void GraphClient::Forget(const ConnectionName& connection) {
  absl::MutexLock lock(&mutex_);
  tokens_.erase(connection.ToString());
}

absl::StatusOr<GraphClient::SharedPace*> GraphClient::PaceOf(
    const std::string& tenant_id) {
  {
    absl::MutexLock lock(&mutex_);
    const auto found = paces_.find(tenant_id);
    if (found != paces_.end()) return &found->second;
  }
  const absl::Time now = clock_.TimeNow();
  ASSIGN_OR_RETURN(const absl::Duration hold, holds_.Left(tenant_id, now));
  absl::MutexLock lock(&mutex_);
  SharedPace& shared = paces_.try_emplace(tenant_id).first->second;
  if (hold > absl::ZeroDuration()) {
    absl::MutexLock pace_lock(&shared.mutex);
    shared.pace.Learn({.estimated_units = 0, .hold_for = hold}, now);
  }
  return &shared;
}

void GraphClient::RememberHold(const std::string& tenant_id,
                               absl::Duration duration) {
  const absl::Status stored =
      holds_.Extend(tenant_id, duration, clock_.TimeNow());
  if (!stored.ok()) LogError("hold_not_stored", {{"status", stored}});
}

prometheus::Counter& GraphClient::RequestsOf(const ConnectionName& connection) {
  return Counter(
      "rollcall_directory_graph_requests_total",
      "Requests that Graph has answered.",
      request_labels_.For(connection.account().id(), connection.id()));
}

GraphClient::Place::~Place() {
  if (pace_ == nullptr) return;
  absl::MutexLock lock(&pace_->mutex);
  --pace_->in_flight;
}

GraphSession::GraphSession(GraphClient& client, GraphClient::SharedPace& pace,
                           ConnectionName connection, AccessToken token,
                           std::function<bool()> cancelled)
    : client_(client),
      connection_(std::move(connection)),
      tenant_id_(token.tenant_id),
      origin_(token.graph_origin),
      pace_(pace),
      cancelled_(std::move(cancelled)),
      requests_(client.RequestsOf(connection_)),
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
  const double units = ResourceUnits(link);
  return Send(std::move(request), units);
}

absl::StatusOr<std::string> GraphSession::Post(absl::string_view path,
                                               absl::string_view body,
                                               double units) {
  http::Request request;
  request.method = "POST";
  request.url = absl::StrCat(origin_, path);
  request.headers = {{"Content-Type", "application/json"}};
  request.body = std::string(body);
  return Send(std::move(request), units > 0 ? units : ResourceUnits(path));
}

void GraphSession::Slow() {
  absl::MutexLock lock(&pace_.mutex);
  pace_.pace.Learn({.estimated_units = 0, .refused = true}, Now());
}

void GraphSession::Hold(absl::Duration duration) {
  {
    absl::MutexLock lock(&pace_.mutex);
    pace_.pace.Learn({.estimated_units = 0, .hold_for = duration}, Now());
  }
  client_.RememberHold(tenant_id_, duration);
}

void GraphSession::LimitPageSize(int size) {
  int known = page_size_;
  while (size < known && !page_size_.compare_exchange_weak(known, size)) {
  }
}

absl::Status GraphSession::BackOff(int failures) {
  return WaitFor(Jittered(client_.options_.backoff, failures));
}

absl::Status GraphSession::Pause(int failures) {
  return WaitFor(Jittered(kLeastWait, failures));
}

absl::StatusOr<std::string> GraphSession::Send(http::Request request,
                                               double units) {
  RETURN_IF_ERROR(CheckGraphLink(request.url, origin_));
  request.headers.push_back({"Accept", "application/json"});
  request.headers.push_back({"client-request-id", RandomUuid()});
  request.headers.push_back({"x-ms-throttle-priority", "Low"});
  ASSIGN_OR_RETURN(Secret token, CurrentToken());
  bool refreshed = false;
  for (int tries = 1;; ++tries) {
    ASSIGN_OR_RETURN(GraphClient::Place place, WaitForTurn(units));
    ASSIGN_OR_RETURN(Try attempt,
                     TryOnce(request, token, units, std::move(place)));
    if (attempt.verdict == GraphVerdict::kOk) {
      failures_in_a_row_ = 0;
      return std::move(attempt.body);
    }
    if (attempt.verdict == GraphVerdict::kRefreshToken) {
      client_.Forget(connection_);
      // The second refusal is told as well: it is what decides (R12).
      RETURN_IF_ERROR(
          ReportRejected(token, refreshed ? second_report_ : first_report_));
      if (std::exchange(refreshed, true)) return attempt.status;
      ASSIGN_OR_RETURN(token, FreshToken(token));
      continue;
    }
    if (attempt.verdict != GraphVerdict::kRetry) return attempt.status;
    if (tries >= client_.options_.max_tries) {
      ++failures_in_a_row_;
      return attempt.status;
    }
    RETURN_IF_ERROR(WaitToTryAgain(attempt, tries));
  }
}

absl::StatusOr<GraphSession::Try> GraphSession::TryOnce(
    const http::Request& request, const Secret& token, double units,
    GraphClient::Place /*held*/) {
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
  requests_.Increment();
  GraphAnswer answer{.status = response->status,
                     .retry_after = response->Header("Retry-After")};
  if (answer.status != 200) answer.codes = ParseErrorCodes(response->body);
  Try attempt;
  attempt.verdict = Judge(answer);
  attempt.status = StatusFor(answer, attempt.verdict);
  if (answer.retry_after.has_value() &&
      attempt.verdict == GraphVerdict::kRetry) {
    attempt.retry_after =
        ParseRetryAfter(*answer.retry_after, TheirNow(*response));
  }
  Learn(*response, attempt.retry_after, units);
  attempt.body = std::move(response->body);
  return attempt;
}

absl::Time GraphSession::TheirNow(const http::Response& response) const {
  const absl::optional<std::string> date = response.Header("Date");
  const absl::optional<absl::Time> theirs =
      date.has_value() ? ParseHttpDate(*date) : absl::nullopt;
  return theirs.value_or(Now());
}

void GraphSession::Learn(const http::Response& response,
                         absl::optional<absl::Duration> hold_for,
                         double units) {
  const auto number = [&response](absl::string_view name) {
    const absl::optional<std::string> text = response.Header(name);
    return text.has_value() ? ParseQuotaNumber(*text) : absl::nullopt;
  };
  const PaceSignals signals = {.estimated_units = units,
                               .units = number("x-ms-resource-unit"),
                               .used = number("x-ms-throttle-limit-percentage"),
                               .refused = response.status == 429,
                               .hold_for = hold_for};
  {
    absl::MutexLock lock(&pace_.mutex);
    pace_.pace.Learn(signals, Now());
  }
  if (hold_for.has_value()) client_.RememberHold(tenant_id_, *hold_for);
}

absl::StatusOr<GraphClient::Place> GraphSession::WaitForTurn(double units) {
  absl::Time until = Now();
  RETURN_IF_ERROR(WaitWhileHeld(until));
  absl::Duration wait;
  {
    absl::MutexLock lock(&pace_.mutex);
    wait = pace_.pace.Take(units, Now());
  }
  RETURN_IF_ERROR(WaitFor(wait));
  while (true) {
    {
      ASSIGN_OR_RETURN(GraphClient::Place place, WaitForPlace());
      until = std::max(until, Now());
      if (HeldUntil() <= until) return place;
    }
    // Somebody was told to wait in the meantime.
    RETURN_IF_ERROR(WaitWhileHeld(until));
  }
}

// While one request waits, another may be told to wait longer.
absl::Status GraphSession::WaitWhileHeld(absl::Time& until) {
  for (absl::Time held = HeldUntil(); held > until; held = HeldUntil()) {
    const absl::Duration wait = held - until;
    if (wait > client_.options_.max_wait) return Throttled(wait);
    RETURN_IF_ERROR(WaitFor(wait));
    until = held;
  }
  return absl::OkStatus();
}

absl::Time GraphSession::HeldUntil() {
  absl::MutexLock lock(&pace_.mutex);
  return pace_.pace.HeldUntil(Now());
}

absl::StatusOr<GraphClient::Place> GraphSession::WaitForPlace() {
  const auto is_free = [this]() ABSL_SHARED_LOCKS_REQUIRED(pace_.mutex) {
    return pace_.in_flight < client_.options_.max_in_flight;
  };
  while (true) {
    RETURN_IF_ERROR(CheckAlive());
    absl::MutexLock lock(&pace_.mutex);
    if (!pace_.mutex.AwaitWithTimeout(absl::Condition(&is_free), kWaitSlice)) {
      continue;
    }
    ++pace_.in_flight;
    return GraphClient::Place(pace_);
  }
}

absl::Status GraphSession::WaitToTryAgain(const Try& attempt, int tries) {
  if (!attempt.retry_after.has_value()) return BackOff(tries);
  if (*attempt.retry_after > client_.options_.max_wait) {
    return WithRetryDelay(attempt.status, *attempt.retry_after);
  }
  // The rest of the wait is the hold that everybody obeys.
  const absl::Duration least = Jittered(kLeastWait, tries);
  return *attempt.retry_after < least ? WaitFor(least) : absl::OkStatus();
}

absl::StatusOr<Secret> GraphSession::CurrentToken() {
  {
    absl::MutexLock lock(&mutex_);
    if (Now() + kTokenMargin < token_.expire_time) {
      return token_.token;
    }
  }
  return Mint();
}

std::string GraphSession::TokenMark() {
  absl::MutexLock lock(&mutex_);
  return Sha256(token_.token.Reveal());
}

absl::Status GraphSession::ReportRejected(const Secret& token,
                                          Report& last_report) {
  absl::MutexLock lock(&last_report.mutex);
  if (last_report.token == token) return absl::OkStatus();
  RETURN_IF_ERROR(
      client_.authorization_.ReportRejectedToken(connection_, token));
  last_report.token = token;
  return absl::OkStatus();
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
  ASSIGN_OR_RETURN(AccessToken fresh, client_.Mint(connection_));
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
      "GRAPH_LINK_ELSEWHERE", "GRAPH_NOT_FOUND",       "GRAPH_OBJECT_MALFORMED",
      "GRAPH_PAGES_ENDLESS",  "GRAPH_PAGES_EXPIRE",    "GRAPH_PAGE_EXPIRED",
      "GRAPH_PAGE_LOOP",      "GRAPH_PAGE_MALFORMED",  "GRAPH_PAGE_TOO_LARGE",
      "GRAPH_REFUSED",        "GRAPH_RESYNC_REQUIRED", "GRAPH_ROUND_TOO_LARGE",
      "GRAPH_UNAVAILABLE",    "GRAPH_WRONG_USER",      "HTTP_BODY_TOO_LARGE"};
  const std::string reason = ReasonOf(status);
  return !status.ok() &&
         std::find(std::begin(kCostsOnlyItself), std::end(kCostsOnlyItself),
                   reason) == std::end(kCostsOnlyItself);
}

}  // namespace rollcall::directory
