// Leaves out of an audit's answers what is no proof of drift, object by object:
// what the change log has told since they were read, and what the tenant says
// only once. In its place they say what the mirror says.
#ifndef ROLLCALL_SERVICES_DIRECTORY_AUDIT_ANSWERS_H_
#define ROLLCALL_SERVICES_DIRECTORY_AUDIT_ANSWERS_H_

#include "absl/status/statusor.h"
#include "services/directory/audit_slice.h"
#include "services/directory/mirror_reader.h"
#include "services/directory/round_answers.h"
#include "services/directory/round_digest.h"

namespace rollcall::directory {

// Both take `answers` to what `slice` doubts, and the rows of the mirror after
// the round, and give what of the slice is still to be verified.
//
// Who came to a group or left it, by word of the round, is verified: the rest
// of the group's list goes on to be compared.
absl::StatusOr<AuditSlice> LeaveOutTouched(const AuditSlice& slice,
                                           const RoundDigest& round,
                                           const MirrorReader& mirror,
                                           RoundAnswers& answers);
absl::StatusOr<AuditSlice> LeaveOutDisputed(const AuditSlice& slice,
                                            const RoundAnswers& again,
                                            const MirrorReader& mirror,
                                            RoundAnswers& answers);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_AUDIT_ANSWERS_H_
