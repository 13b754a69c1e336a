// The way to an administrator's consent and back: the address of the login page
// (R1, R2), and what is believed of the redirect. A redirect is an
// unauthenticated input: it never proves a tenant. Pure.
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_CONSENT_REDIRECT_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_CONSENT_REDIRECT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/identity/values.h"

namespace rollcall::authorization {

// From Begin to the redirect (protocol §5.4).
inline constexpr absl::Duration kConsentTime = absl::Minutes(10);

struct ConsentRequest {
  std::string login_origin;  // `https://login.microsoftonline.com`.
  std::string graph_origin;  // Whose permissions are asked for.
  std::string tenant;        // GUID or domain; empty: whichever signs in.
  std::string client_id;
  std::string redirect_uri;
  std::string state;
};

// The v2 admin consent page (protocol §1.1). Asks for the permissions of the
// registration, which for an app-only client is the only way.
std::string ConsentUri(const ConsentRequest& request);

// The query of the redirect. `admin_consent` is left out on purpose: it says
// True in refusals too.
struct Redirect {
  std::string state;
  std::string tenant;
  std::string error;
  std::string error_description;
};

// What is known of the pending authorization that the redirect is for.
struct PendingFacts {
  bool state_matches = false;  // Compared in constant time, as hashes.
  bool state_used = false;
  absl::Time expire_time;
  absl::optional<ObjectId> tenant;  // If a GUID was asked for (R11).
};

struct RedirectVerdict {
  enum class Kind {
    kNotOurs,  // The state is another one: nothing else is looked at.
    kUsed,     // A redirect came already.
    kExpired,
    kDeclined,  // `sentence` says why.
    kClaims,    // Claims `tenant`, to be proved.
  };
  Kind kind = Kind::kNotOurs;
  std::string sentence;
  absl::optional<ObjectId> tenant;
};

RedirectVerdict JudgeRedirect(const PendingFacts& pending,
                              const Redirect& redirect, absl::Time now);

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_CONSENT_REDIRECT_H_
