// One slice of the rolling audit: which part of the mirror it is, and whether
// two readings of it say the same.
#ifndef ROLLCALL_SERVICES_DIRECTORY_AUDIT_SLICE_H_
#define ROLLCALL_SERVICES_DIRECTORY_AUDIT_SLICE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "services/directory/mirror_view.h"
#include "services/directory/round_digest.h"
#include "services/directory/round_questions.h"
#include "services/directory/source_id.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

struct AuditSlice {
  absl::optional<SourceId> group;  // With all its direct members, or...
  std::vector<SourceId> users;     // ... these.
  store::StoredAudit next;         // The place after it.

  // What makes the tenant tell all of it.
  RoundDigest Doubts() const;
};

// The slice after the mirror's place; from the first group again at the end.
absl::StatusOr<AuditSlice> NextSlice(const MirrorView& mirror, absl::Time now);

// Takes away what the tenant has told since it was read: that is newer.
// `mirror` is the one after that round.
absl::Status LeaveOutTouched(const RoundDigest& round, const AuditSlice& slice,
                             const MirrorView& mirror, RoundAnswers& answers);

// Whether two readings, one after the other, agree on groups and users.
bool SaySame(const RoundAnswers& one, const RoundAnswers& other);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_AUDIT_SLICE_H_
