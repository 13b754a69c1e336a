// Decides what the rolling audit verifies next, and when (B6): every group and
// every user of a mirror within less than a day, slice by slice, evenly spread.
// Pure: the time is an argument.
#ifndef ROLLCALL_SERVICES_DIRECTORY_AUDIT_PLAN_H_
#define ROLLCALL_SERVICES_DIRECTORY_AUDIT_PLAN_H_

#include <cstdint>

#include "absl/time/time.h"

namespace rollcall::directory {

// A whole round takes this long: less than a day, with room for a process that
// is not always running.
inline constexpr absl::Duration kAuditCycle = absl::Hours(20);
inline constexpr int64_t kUsersPerSlice = 1000;  // What getByIds takes.

struct AuditSize {
  int64_t groups = 0;
  int64_t users = 0;
};

// The time between the beginnings of two slices.
absl::Duration AuditInterval(const AuditSize& size);

// Whether a slice is due; the first one as soon as there is a mirror. A clock
// that was put back does not stop the audit.
bool IsSliceDue(const AuditSize& size, absl::Time last_slice, absl::Time now);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_AUDIT_PLAN_H_
