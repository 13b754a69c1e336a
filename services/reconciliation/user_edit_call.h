// Loads a user, lets a decision be made, and writes what it allows: row,
// indexes, event and reply in one batch.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USER_EDIT_CALL_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USER_EDIT_CALL_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "common/identity/resource_name.h"
#include "rollcall/reconciliation/v1/user.pb.h"
#include "services/reconciliation/store.h"
#include "services/reconciliation/user_edit.h"
#include "services/reconciliation/write_call.h"

namespace rollcall::reconciliation {

using DecideUser = std::function<absl::StatusOr<EditVerdict>(
    const User& user, const Transaction& transaction)>;

// The user after it. A verdict that changes nothing writes nothing.
absl::StatusOr<v1::User> EditUser(IdentityStore& store, const UserName& name,
                                  const WriteCall& call,
                                  const std::string& etag,
                                  const DecideUser& decide);

// Tells the feed of a user that was created or changed by hand.
void AppendUserEvent(const User& user, v1::UserChange::Kind kind,
                     const WriteCall& call, const std::string& rule,
                     Transaction& transaction);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USER_EDIT_CALL_H_
