// One slice of the rolling audit: which part of the mirror it is, and what
// comes after it.
#ifndef ROLLCALL_SERVICES_DIRECTORY_AUDIT_SLICE_H_
#define ROLLCALL_SERVICES_DIRECTORY_AUDIT_SLICE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/directory/audit_plan.h"
#include "services/directory/mirror_view.h"
#include "services/directory/round_digest.h"
#include "services/directory/source_id.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

struct AuditSlice {
  std::vector<SourceId> groups;  // With all their direct members.
  std::vector<SourceId> users;

  int64_t size() const {
    return static_cast<int64_t>(groups.size() + users.size());
  }
  // What makes the tenant tell all of it.
  RoundDigest Doubts() const;
};

// A slice, and the place after it, once all of it was verified.
struct PlannedSlice {
  AuditSlice slice;
  store::StoredAudit next;
};

AuditSize SizeOf(const store::StoredMirror& mirror);
AuditProgress ProgressOf(const store::StoredAudit& audit);

// The slice after the mirror's place; from the first group again at the end.
// `mirror` has its users counted.
absl::StatusOr<PlannedSlice> NextSlice(const MirrorView& mirror,
                                       const AuditSize& size, absl::Time now);

// The place when everything was verified at once: the next cycle begins when
// this one would have ended.
store::StoredAudit AfterReadOfEverything(store::StoredAudit audit,
                                         const AuditSize& size, absl::Time now);

// For a mirror of a release that did not count them.
absl::StatusOr<int64_t> CountUserRows(const MirrorView& mirror);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_AUDIT_SLICE_H_
