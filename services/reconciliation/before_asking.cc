#include "services/reconciliation/before_asking.h"

#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/identity_reader.h"
#include "services/reconciliation/run_reader.h"

namespace rollcall::reconciliation {
namespace {

const Claim* ClaimOf(const absl::optional<UserRecord>& record,
                     const std::string& directory) {
  return record.has_value() ? record->user.ClaimOf(directory) : nullptr;
}

// Whoever decides about a user puts the time of his reading into the claim.
bool IsSame(const Claim* one, const Claim* other) {
  if (one == nullptr || other == nullptr) return one == other;
  return one->read_time == other->read_time;
}

}  // namespace

absl::StatusOr<bool> BeforeAsking::IsOvertaken(const std::string& source_id,
                                               const Transaction& now) const {
  const std::string& id = directory_.id();
  const std::string& account = directory_.account().id();
  ASSIGN_OR_RETURN(const store::DirectoryRow then_read,
                   RunReader(*rows_, account).GetDirectory(id));
  ASSIGN_OR_RETURN(const store::DirectoryRow now_read,
                   now.runs().GetDirectory(id));
  if (then_read.readings() != now_read.readings()) return true;
  if (source_id.empty()) return false;
  ASSIGN_OR_RETURN(
      const absl::optional<UserRecord> then_linked,
      IdentityReader(*rows_, account).FindUserBySource(id, source_id));
  ASSIGN_OR_RETURN(const absl::optional<UserRecord> now_linked,
                   now.identities().FindUserBySource(id, source_id));
  return !IsSame(ClaimOf(then_linked, id), ClaimOf(now_linked, id));
}

}  // namespace rollcall::reconciliation
