#include "services/directory/audit_plan.h"

#include <algorithm>

namespace rollcall::directory {

absl::Duration AuditInterval(const AuditSize& size) {
  const int64_t slices =
      size.groups + (size.users + kUsersPerSlice - 1) / kUsersPerSlice;
  return kAuditCycle / std::max<int64_t>(1, slices);
}

bool IsSliceDue(const AuditSize& size, absl::Time last_slice, absl::Time now) {
  return now < last_slice || now - last_slice >= AuditInterval(size);
}

}  // namespace rollcall::directory
