#include "services/directory/audit_plan.h"

#include <algorithm>

namespace rollcall::directory {
namespace {

int64_t Parts(int64_t whole, int64_t part) { return (whole + part - 1) / part; }

// How many rounds a cycle may cost for each kind of slice.
int64_t SlicesAtMost(int64_t groups) {
  const int64_t round = 1 + Parts(groups, kGroupsPerRequest);
  return std::max(kFewestSlices, kRoundRequestsPerCycle / round);
}

}  // namespace

int64_t GroupsPerSlice(int64_t groups) {
  const int64_t slices = std::min(kMaxGroupSlices, SlicesAtMost(groups));
  return std::max<int64_t>(1, Parts(groups, slices));
}

int64_t UsersPerSlice(const AuditSize& size) {
  return std::max(kUsersPerSlice, Parts(size.users, SlicesAtMost(size.groups)));
}

int64_t SliceCount(const AuditSize& size) {
  const int64_t slices = Parts(size.groups, GroupsPerSlice(size.groups)) +
                         Parts(size.users, UsersPerSlice(size));
  return std::max<int64_t>(1, slices);
}

absl::Time NextSliceDue(const AuditSize& size, const AuditProgress& progress) {
  const int64_t slices = SliceCount(size);
  // More than planned, because something had to be taken twice: the next cycle
  // begins no later than it would have.
  const int64_t taken = std::min(progress.slices, slices);
  return progress.cycle_start + kAuditCycle * taken / slices;
}

bool IsSliceDue(const AuditSize& size, const AuditProgress& progress,
                absl::Time now) {
  return now < progress.last_slice || now >= NextSliceDue(size, progress);
}

}  // namespace rollcall::directory
