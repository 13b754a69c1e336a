// Says what an answer of the token endpoint means. Only a definitive refusal
// asks for reauthorization (R12); being busy, broken or unknown never does.
// Pure.
//
// Microsoft asks clients to decide by `error` and `suberror`; the AADSTS number
// refines only (protocol §1.8).
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_OAUTH_REPLY_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_OAUTH_REPLY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall::authorization {

// What the token endpoint answered, as far as it matters here.
struct OAuthReply {
  int http_status = 0;         // 0: no answer came.
  bool well_formed = false;    // A JSON object with a token or an `error`.
  std::string error;           // Empty in a success.
  std::string suberror;        // Often empty.
  std::vector<int64_t> codes;  // AADSTS numbers.
};

enum class ReplyClass {
  kOk,
  kReauth,     // The grant is of no use any more.
  kConsent,    // Consent is missing or was withdrawn.
  kConfig,     // The registration or the request is wrong.
  kTransient,  // Try again later.
};

ReplyClass Classify(const OAuthReply& reply);

// Whether an app-only connection is lost until an administrator authorizes
// again (R8, R12): the grant or the consent is gone, or the tenant refuses the
// client itself. A wrong request (scope, resource, tenant's host) is not: the
// same request would be sent again after a new consent.
bool RequiresReauthorization(const OAuthReply& reply);

// Whether a refusal may only mean that a consent just given has not reached
// every server yet (protocol §1.1).
bool MayBeUnsettledConsent(const OAuthReply& reply);

// How long to leave the endpoint alone, at least; zero where the caller's own
// backoff is enough.
absl::Duration LeastWait(const OAuthReply& reply);

// What went wrong in a few words that hold no personal data:
// `invalid_client (AADSTS7000215)`, `HTTP 503`, `no answer`.
std::string Describe(const OAuthReply& reply);

// Whether a text may be repeated as the name of an error: nothing else is.
bool IsErrorName(absl::string_view error);

absl::string_view ReplyClassName(ReplyClass reply_class);

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_OAUTH_REPLY_H_
