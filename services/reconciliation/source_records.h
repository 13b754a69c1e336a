// Turns what the directory streams into plain values: the door at which it is
// checked.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_SOURCE_RECORDS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_SOURCE_RECORDS_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/reconciliation/group_diff.h"
#include "services/reconciliation/user_diff.h"

namespace rollcall::reconciliation {

// DATA_LOSS, reason SOURCE_ID_INVALID, for an id that is no GUID in lower case:
// such a stream has no order to rely on. A name that cannot be a username is no
// error: the user gets the skip reason USERNAME_INVALID. Texts for people are
// cut at 1024 bytes.
//
// `group_ids` are our ids of the selected groups by source id; groups that we
// don't have (their names are taken) are left out.
absl::StatusOr<DesiredUser> ReadDesiredUser(
    const directory::v1::DesiredUser& message,
    const absl::flat_hash_map<std::string, std::string>& group_ids);

// A group without a name gets its source id as its name.
absl::StatusOr<DesiredGroup> ReadDesiredGroup(
    const directory::v1::DesiredGroup& message);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_SOURCE_RECORDS_H_
