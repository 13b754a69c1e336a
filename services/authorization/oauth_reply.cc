#include "services/authorization/oauth_reply.h"

#include <algorithm>
#include <initializer_list>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace rollcall::authorization {
namespace {

// Tells what goes wrong at Microsoft's side, whatever `error` it comes with.
constexpr std::initializer_list<int64_t> kTransientCodes = {
    50033, 50087, 50196, 90006, 90012, 90024, 90033, 90055, 90090};

constexpr std::initializer_list<int64_t> kConsentCodes = {
    65001, 65004, 65005, 90094, 90095, 650052, 650056, 650057, 7000229};

// Conditional Access for workloads: the tenant's policy blocks the app, and its
// administrator lifts it there (protocol §1.8, row 53000).
constexpr std::initializer_list<int64_t> kPolicyCodes = {
    53000, 53001, 53002, 53003, 53004, 53011, 530032, 530034, 530035};

constexpr int64_t kTooManyRequests = 50196;  // A loop, in Microsoft's eyes.

// Codes of a consent that has not reached every server yet (protocol §1.1).
constexpr std::initializer_list<int64_t> kUnsettledCodes = {65001, 700016,
                                                            7000229};

bool HasAny(const OAuthReply& reply, std::initializer_list<int64_t> codes) {
  return std::any_of(codes.begin(), codes.end(), [&reply](int64_t code) {
    return std::find(reply.codes.begin(), reply.codes.end(), code) !=
           reply.codes.end();
  });
}

bool IsAny(absl::string_view text,
           std::initializer_list<absl::string_view> of) {
  return std::find(of.begin(), of.end(), text) != of.end();
}

}  // namespace

bool IsErrorName(absl::string_view error) {
  if (error.empty() || error.size() > 64) return false;
  return std::all_of(error.begin(), error.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

ReplyClass Classify(const OAuthReply& reply) {
  if (reply.http_status == 0 || reply.http_status == 408 ||
      reply.http_status == 429 || reply.http_status >= 500 ||
      !reply.well_formed) {
    return ReplyClass::kTransient;
  }
  if (reply.http_status == 200 && reply.error.empty()) return ReplyClass::kOk;
  if (reply.http_status < 400 || reply.error.empty()) {
    return ReplyClass::kTransient;  // Neither a token nor a refusal.
  }
  if (IsAny(reply.error, {"temporarily_unavailable", "server_error"}) ||
      HasAny(reply, kTransientCodes)) {
    return ReplyClass::kTransient;
  }
  if (reply.error == "consent_required" ||
      reply.suberror == "consent_required" || HasAny(reply, kConsentCodes)) {
    return ReplyClass::kConsent;
  }
  if (HasAny(reply, kPolicyCodes)) return ReplyClass::kConfig;
  if (IsAny(reply.error,
            {"invalid_grant", "interaction_required", "login_required"})) {
    return ReplyClass::kReauth;
  }
  return ReplyClass::kConfig;  // Errors that nobody has heard of, too.
}

bool RequiresReauthorization(const OAuthReply& reply) {
  switch (Classify(reply)) {
    case ReplyClass::kReauth:
    case ReplyClass::kConsent:
      return true;
    case ReplyClass::kConfig:
      return IsAny(reply.error, {"invalid_client", "unauthorized_client"});
    case ReplyClass::kOk:
    case ReplyClass::kTransient:
      return false;
  }
  return false;
}

bool MayBeUnsettledConsent(const OAuthReply& reply) {
  const ReplyClass reply_class = Classify(reply);
  return reply_class == ReplyClass::kConsent
             ? !HasAny(reply, {65004, 90094, 90095})
             : reply_class == ReplyClass::kConfig &&
                   HasAny(reply, kUnsettledCodes);
}

absl::Duration LeastWait(const OAuthReply& reply) {
  switch (Classify(reply)) {
    case ReplyClass::kOk:
      return absl::ZeroDuration();
    case ReplyClass::kTransient:
      return HasAny(reply, {kTooManyRequests}) ? absl::Minutes(5)
                                               : absl::ZeroDuration();
    case ReplyClass::kReauth:
    case ReplyClass::kConsent:
    case ReplyClass::kConfig:
      return absl::Minutes(15);
  }
  return absl::ZeroDuration();
}

std::string Describe(const OAuthReply& reply) {
  if (reply.http_status == 0) return "no answer";
  if (!IsErrorName(reply.error))
    return absl::StrCat("HTTP ", reply.http_status);
  return reply.codes.empty()
             ? reply.error
             : absl::StrCat(reply.error, " (AADSTS", reply.codes.front(), ")");
}

absl::string_view ReplyClassName(ReplyClass reply_class) {
  switch (reply_class) {
    case ReplyClass::kOk:
      return "ok";
    case ReplyClass::kReauth:
      return "reauth";
    case ReplyClass::kConsent:
      return "consent";
    case ReplyClass::kConfig:
      return "config";
    case ReplyClass::kTransient:
      return "transient";
  }
  return "";
}

}  // namespace rollcall::authorization
