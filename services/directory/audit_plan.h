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
// Groups share so many slices at most.
inline constexpr int64_t kMaxGroupSlices = 400;
// Each slice costs a round besides, and a round a request for every fifty
// groups. So a mirror with more groups has larger slices: the rounds of all
// slices of groups cost as many requests as this, or, past twenty thousand
// groups, one a group; those of users as many again.
inline constexpr int64_t kRoundRequestsPerCycle = 20'000;
inline constexpr int64_t kGroupsPerRequest = 50;
inline constexpr int64_t kFewestSlices = 50;

// How often somebody looks whether a slice is due, and how many of a directory
// are taken at most before the others have their turn: many times what the
// largest directory needs, so that whoever is behind catches up.
inline constexpr absl::Duration kAuditPeriod = absl::Seconds(15);
inline constexpr int kMaxSlicesPerTurn = 20;

struct AuditSize {
  int64_t groups = 0;
  int64_t users = 0;  // All that have a row, imported or not.
};

struct AuditProgress {
  absl::Time cycle_start = absl::InfinitePast();  // Of none: there is none yet.
  absl::Time last_slice = absl::InfinitePast();
  int64_t slices = 0;  // That were taken in this cycle.
};

int64_t GroupsPerSlice(int64_t groups);
int64_t UsersPerSlice(const AuditSize& size);
int64_t SliceCount(const AuditSize& size);

// Counted from the beginning of the cycle: a slice that came late does not
// delay the next one. The first one is due as soon as there is a mirror.
absl::Time NextSliceDue(const AuditSize& size, const AuditProgress& progress);

// A clock that was put back does not stop the audit.
bool IsSliceDue(const AuditSize& size, const AuditProgress& progress,
                absl::Time now);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_AUDIT_PLAN_H_
