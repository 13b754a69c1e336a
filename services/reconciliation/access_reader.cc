#include "services/reconciliation/access_reader.h"

#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/access_decision.h"
#include "services/reconciliation/user_view.h"

namespace rollcall::reconciliation {
namespace {

v1::CheckAccessResponse::Decision DecisionOf(Access access) {
  switch (access) {
    case Access::kAllow:
      return v1::CheckAccessResponse::ALLOW;
    case Access::kAllowBypass:
      return v1::CheckAccessResponse::ALLOW_BYPASS;
    case Access::kEnrollFirst:
      return v1::CheckAccessResponse::ENROLL_FIRST;
    case Access::kRefuse:
      return v1::CheckAccessResponse::REFUSE;
  }
  return v1::CheckAccessResponse::DECISION_UNSPECIFIED;
}

}  // namespace

absl::StatusOr<AccessReading> ReadAccess(const std::string& username,
                                         const IdentityReader& identities) {
  ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                   identities.FindUserByUsername(username));
  AccessReading reading;
  if (!record.has_value()) {
    reading.known.decision = DecideAccess(nullptr, {});
    return reading;
  }
  ASSIGN_OR_RETURN(reading.groups, GroupsOf(record->user, identities));
  reading.known.user_id = record->user.id;
  reading.known.decision = DecideAccess(&record->user, reading.groups);
  return reading;
}

v1::CheckAccessResponse ShowAccess(const KnownAccess& access,
                                   const std::string& account) {
  v1::CheckAccessResponse response;
  response.set_decision(DecisionOf(access.decision.access));
  response.set_reason(access.decision.reason);
  response.set_rule(access.decision.rule);
  if (!access.user_id.empty()) {
    response.set_user(
        UserName(AccountName(account), access.user_id).ToString());
  }
  if (!access.decision.group.empty()) {
    response.set_group(
        GroupName(AccountName(account), access.decision.group).ToString());
  }
  return response;
}

}  // namespace rollcall::reconciliation
