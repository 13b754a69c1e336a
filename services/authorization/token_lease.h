// Decides what becomes of an access token: use it, replace it ahead of time, or
// replace it first; and what a refusal of it means. A token that is used is
// good for at least five minutes. Pure.
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_TOKEN_LEASE_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_TOKEN_LEASE_H_

#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace rollcall::authorization {

// What Microsoft's own libraries leave, too (protocol §1.5).
inline constexpr absl::Duration kLeaseMargin = absl::Minutes(5);
// From here on a token is replaced when somebody asks for it; if that fails it
// still serves.
inline constexpr absl::Duration kRenewalWindow = absl::Minutes(10);
// So long after a forced refresh a refusal counts as one of the fresh token.
inline constexpr absl::Duration kForcedRefreshProbation = absl::Minutes(5);

// How long a token is good.
struct TokenLease {
  absl::Time mint_time;
  absl::Time expire_time;
  bool forced = false;  // Minted because the one before was refused.
};

enum class LeaseAction {
  kUse,
  kRefreshAhead,  // Ask for another; use this one if none is to be had.
  kRefreshNow,    // There is none to use.
};

// `lease` is empty if there is no token, or if it was refused.
LeaseAction JudgeLease(const absl::optional<TokenLease>& lease, absl::Time now);

enum class RejectionVerdict {
  kForceRefresh,  // The next one may do.
  kDefinitive,    // A 401 after a forced refresh: the connection is lost (R12).
};

// What it means that Graph answered this token with 401 at `now`.
RejectionVerdict JudgeRejection(const TokenLease& lease, absl::Time now);

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_TOKEN_LEASE_H_
