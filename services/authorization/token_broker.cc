#include "services/authorization/token_broker.h"

#include <algorithm>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/digest.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/time/backoff.h"
#include "common/time/proto_time.h"
#include "services/authorization/oauth_reply.h"

namespace rollcall::authorization {
namespace {

constexpr BackoffPolicy kBackoff = {.initial = absl::Seconds(1),
                                    .maximum = absl::Minutes(5)};
// Nobody is kept waiting longer, so that a clock that was set back does no
// lasting harm.
constexpr absl::Duration kMaxQuiet = absl::Hours(1);
// After the confirmation of a consent.
constexpr absl::Duration kSettlingTime = absl::Minutes(10);
// Of compare-and-set against calls that change the same connection.
constexpr int kMaxTries = 5;

absl::Status ReauthorizationRequired(const ConnectionName& name,
                                     absl::string_view why) {
  return FailedPrecondition(
      "REAUTHORIZATION_REQUIRED",
      absl::StrCat(name.ToString(), " could not connect: reauthorization ",
                   "required. ", why),
      {{"connection", name.ToString()}});
}

absl::Status ConnectionNotFound(const ConnectionName& name) {
  return NotFound("CONNECTION_NOT_FOUND",
                  absl::StrCat("No connection named ", name.ToString(), "."),
                  {{"connection", name.ToString()}});
}

void CountRequest(const OAuthReply& reply) {
  Counter("rollcall_authorization_token_requests_total",
          "Answers of token endpoints.",
          {{"class", std::string(ReplyClassName(Classify(reply)))}})
      .Increment();
}

double Jitter() {
  absl::BitGen random;
  return absl::Uniform(random, 0.0, 1.0);
}

}  // namespace

TokenBroker::Slot& TokenBroker::SlotOf(const ConnectionName& name) {
  absl::MutexLock lock(&mutex_);
  std::unique_ptr<Slot>& slot = slots_[name.ToString()];
  if (slot == nullptr) slot = std::make_unique<Slot>();
  return *slot;
}

absl::StatusOr<TokenBroker::MintedToken> TokenBroker::Mint(
    const ConnectionName& name) {
  ASSIGN_OR_RETURN(const absl::optional<StoredConnection> connection,
                   store_.GetConnection(name));
  if (!connection.has_value()) return ConnectionNotFound(name);
  if (connection->message.reauthorization_required()) {
    return ReauthorizationRequired(name, connection->message.error_message());
  }
  Slot& slot = SlotOf(name);
  absl::optional<absl::StatusOr<Token>> token = UseOrLead(slot);
  // This call leads: it asks, and the others wait for what comes of it.
  if (!token.has_value()) token = Settle(slot, Fetch(name, *connection));
  RETURN_IF_ERROR(token->status());
  return MintedToken{std::move((*token)->text), (*token)->expire_time,
                     *connection};
}

// The token or the error to answer with; none if the caller is to ask for a
// token, and then to settle what came of it.
absl::optional<absl::StatusOr<TokenBroker::Token>> TokenBroker::UseOrLead(
    Slot& slot) {
  absl::MutexLock lock(&slot.mutex);
  const auto token = [&slot]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return Token{slot.token, slot.lease->expire_time};
  };
  while (true) {
    const absl::Time now = clock_.TimeNow();
    const absl::Duration quiet = slot.quiet_until - now;
    const bool is_quiet = quiet > absl::ZeroDuration() && quiet <= kMaxQuiet;
    const LeaseAction action = JudgeLease(slot.lease, now);
    if (action == LeaseAction::kUse) return token();
    if (action == LeaseAction::kRefreshAhead && (slot.refreshing || is_quiet)) {
      return token();
    }
    if (!slot.refreshing) {
      if (is_quiet) return WithRetryDelay(slot.last_error, quiet);
      slot.refreshing = true;
      return absl::nullopt;
    }
    const int64_t flight = slot.flights;
    const auto is_over = [&slot, flight]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      return slot.flights != flight;
    };
    slot.mutex.Await(absl::Condition(&is_over));
    if (!slot.last_error.ok()) return slot.last_error;
    // However short it lives: who waited does not ask again. It is gone only if
    // it was refused meanwhile.
    if (slot.lease.has_value()) return token();
  }
}

absl::StatusOr<TokenBroker::Token> TokenBroker::Settle(Slot& slot,
                                                       Fetched fetched) {
  absl::MutexLock lock(&slot.mutex);
  slot.refreshing = false;
  ++slot.flights;
  slot.last_error = fetched.error;
  if (fetched.error.ok()) {
    slot.lease = fetched.lease;
    slot.lease->forced = std::exchange(slot.force_next, false);
    slot.token = std::move(fetched.token);
    slot.failures = 0;
    slot.quiet_until = absl::InfinitePast();
    return Token{slot.token, slot.lease->expire_time};
  }
  if (!absl::IsUnavailable(fetched.error)) return slot.last_error;
  const absl::Time now = clock_.TimeNow();
  const absl::Duration wait =
      std::max(fetched.wait, BackoffDelay(kBackoff, ++slot.failures, Jitter()));
  slot.quiet_until = now + wait;
  slot.last_error = WithRetryDelay(fetched.error, wait);
  // Refreshing ahead of time failed; the token still serves.
  if (JudgeLease(slot.lease, now) == LeaseAction::kRefreshAhead) {
    return Token{slot.token, slot.lease->expire_time};
  }
  return slot.last_error;
}

TokenBroker::Fetched TokenBroker::Fetch(const ConnectionName& name,
                                        const StoredConnection& connection) {
  const store::Registration& registration = connection.message.registration();
  Fetched fetched;
  auto credential =
      vault_.OpenCredential(registration.sealed_credential(), name.ToString());
  if (!credential.ok()) {
    fetched.error = credential.status();
    LogError("credential_unreadable",
             {{"connection", name.ToString()}, {"error", fetched.error}});
    return fetched;
  }
  // The time before the request: the token is not older than that.
  const absl::Time now = clock_.TimeNow();
  TokenAnswer answer =
      client_.RequestToken({.login_origin = registration.login_origin(),
                            .graph_origin = registration.graph_origin(),
                            .tenant_id = connection.message.tenant_id(),
                            .client_id = registration.client_id(),
                            .credential = *std::move(credential)},
                           now);
  const OAuthReply& reply = answer.token.reply;
  CountRequest(reply);
  if (Classify(reply) == ReplyClass::kOk) {
    fetched.lease = {.mint_time = now,
                     .expire_time = now + answer.token.lifetime};
    fetched.token = std::move(answer.token.access_token);
    return fetched;
  }
  LogWarning("token_not_minted", {{"connection", name.ToString()},
                                  {"answer", Describe(reply)},
                                  {"class", ReplyClassName(Classify(reply))}});
  // A consent just given has not reached every server yet (protocol §1.1).
  const bool may_settle =
      MayBeUnsettledConsent(reply) &&
      now - FromTimestamp(connection.message.create_time()) < kSettlingTime;
  if (RequiresReauthorization(reply) && !may_settle) {
    fetched.error = Lose(name, absl::StrCat("The login endpoint answered ",
                                            Describe(reply), "."));
    return fetched;
  }
  const bool soon = may_settle || Classify(reply) == ReplyClass::kTransient;
  fetched.wait = std::max(may_settle ? absl::ZeroDuration() : LeastWait(reply),
                          answer.retry_after.value_or(absl::ZeroDuration()));
  fetched.error = Unavailable(
      soon ? "TOKEN_UNAVAILABLE" : "TOKEN_REFUSED",
      absl::StrCat("The login endpoint gives no token for ", name.ToString(),
                   ": ", Describe(reply), "."),
      {{"connection", name.ToString()}, {"answer", Describe(reply)}});
  return fetched;
}

// Stores that the connection is lost, once, and says so.
absl::Status TokenBroker::Lose(const ConnectionName& name,
                               absl::string_view why) {
  for (int i = 0; i < kMaxTries; ++i) {
    ASSIGN_OR_RETURN(const absl::optional<StoredConnection> old,
                     store_.GetConnection(name));
    if (!old.has_value()) return ConnectionNotFound(name);
    if (old->message.reauthorization_required()) {
      return ReauthorizationRequired(name, old->message.error_message());
    }
    store::Connection connection = old->message;
    connection.set_reauthorization_required(true);
    connection.set_error_message(std::string(why));
    *connection.mutable_update_time() = ToTimestamp(clock_.TimeNow());
    const absl::Status saved = store_.UpdateConnection(name, *old, connection);
    if (absl::IsAborted(saved)) continue;
    RETURN_IF_ERROR(saved);
    LogWarning("reauthorization_required",
               {{"connection", name.ToString()}, {"why", why}});
    return ReauthorizationRequired(name, why);
  }
  return Aborted("CONNECTION_BUSY",
                 absl::StrCat(name.ToString(), " is being changed."),
                 {{"connection", name.ToString()}});
}

absl::Status TokenBroker::ReportRejected(const ConnectionName& name,
                                         absl::string_view token_sha256) {
  ASSIGN_OR_RETURN(const absl::optional<StoredConnection> connection,
                   store_.GetConnection(name));
  if (!connection.has_value()) return ConnectionNotFound(name);
  Slot& slot = SlotOf(name);
  RejectionVerdict verdict;
  {
    absl::MutexLock lock(&slot.mutex);
    // A report about a token that was replaced already changes nothing.
    if (!slot.lease.has_value() ||
        !ConstantTimeEquals(Sha256(slot.token.Reveal()), token_sha256)) {
      return absl::OkStatus();
    }
    verdict = JudgeRejection(*slot.lease, clock_.TimeNow());
    slot.lease.reset();
    slot.token = Secret();
    slot.force_next = true;
  }
  LogInfo("token_rejected", {{"connection", name.ToString()}});
  if (verdict == RejectionVerdict::kForceRefresh) return absl::OkStatus();
  const absl::Status lost =
      Lose(name, "Graph refuses every token with HTTP 401.");
  return ReasonOf(lost) == "REAUTHORIZATION_REQUIRED" ? absl::OkStatus() : lost;
}

}  // namespace rollcall::authorization
