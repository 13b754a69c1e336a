#include "services/authorization/token_lease.h"

namespace rollcall::authorization {

LeaseAction JudgeLease(const absl::optional<TokenLease>& lease,
                       absl::Time now) {
  if (!lease.has_value()) return LeaseAction::kRefreshNow;
  // A clock that was set back would stretch the lease.
  if (now < lease->mint_time) return LeaseAction::kRefreshNow;
  const absl::Duration left = lease->expire_time - now;
  if (left < kLeaseMargin) return LeaseAction::kRefreshNow;
  return left < kRenewalWindow ? LeaseAction::kRefreshAhead : LeaseAction::kUse;
}

RejectionVerdict JudgeRejection(const TokenLease& lease, absl::Time now) {
  const absl::Duration age = now - lease.mint_time;
  return lease.forced && age < kForcedRefreshProbation
             ? RejectionVerdict::kDefinitive
             : RejectionVerdict::kForceRefresh;
}

}  // namespace rollcall::authorization
