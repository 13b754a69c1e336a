// Turns what the directory answers into plain values: the door at which it is
// checked.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_SOURCE_RECORDS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_SOURCE_RECORDS_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
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

// What the source said when it was asked for one user.
struct SourceView {
  v1::Evidence evidence;
  absl::optional<DesiredUser> user;  // None: the tenant does not know it.

  bool in_scope() const { return evidence.in_scope() && user.has_value(); }
  // Whether it is a fact that the user is not in scope (B3). That the tenant
  // did not find it is none by itself.
  bool proves_absence() const {
    return !evidence.in_scope() && evidence.complete();
  }
};

absl::StatusOr<SourceView> ReadSourceView(
    const directory::v1::ReadSourceUserResponse& message,
    const absl::flat_hash_map<std::string, std::string>& group_ids);

// An id of the source, as it is; DATA_LOSS as above.
absl::StatusOr<std::string> ReadSourceId(const std::string& text);

// A group without a name gets its source id as its name.
absl::StatusOr<DesiredGroup> ReadDesiredGroup(
    const directory::v1::DesiredGroup& message);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_SOURCE_RECORDS_H_
