// What callers are told when users and groups are not found, not free, or
// somebody else's: the sentence names the owning directory and field (R98).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USER_ERRORS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USER_ERRORS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/identity/resource_name.h"
#include "services/reconciliation/model.h"
#include "services/reconciliation/user_edit.h"

namespace rollcall::reconciliation {

absl::Status UserNotFound(const std::string& name);
absl::Status GroupNotFound(const std::string& name);
absl::Status UsernameTaken(const std::string& username);
absl::Status GroupNameTaken(const std::string& display_name);

// ABORTED, reason ETAG_MISMATCH, unless `etag` is empty or current.
absl::Status CheckEtag(const std::string& etag, const std::string& current,
                       const std::string& name);

// OK if the verdict allows.
absl::Status RefusalOf(const EditVerdict& verdict, const UserName& user);

// A directory owns a field of the group.
absl::Status GroupFieldManaged(const GroupName& name, const Group& group,
                               absl::string_view field);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USER_ERRORS_H_
