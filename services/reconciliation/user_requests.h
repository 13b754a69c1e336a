// Reads what a request wants of a user or a group: every value parsed, every
// path of its mask known (AIP-134).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USER_REQUESTS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USER_REQUESTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "google/protobuf/field_mask.pb.h"
#include "rollcall/reconciliation/v1/user.pb.h"
#include "services/reconciliation/user_edit.h"

namespace rollcall::reconciliation {

struct UserUpdate {
  UserEdit edit;
  // A state that the request claims; unless it is the user's already, the
  // request has to fail visibly (R49, R65).
  absl::optional<v1::User::State> state;
};

// The fields that the mask names, or without one those that are set.
absl::StatusOr<UserUpdate> ReadUpdate(const v1::User& user,
                                      const google::protobuf::FieldMask& mask,
                                      const AccountName& account);

// All fields; the username is required.
absl::StatusOr<UserEdit> ReadNewUser(const v1::User& user,
                                     const AccountName& account);

// The name that an update gives a group, if any.
absl::StatusOr<absl::optional<std::string>> ReadGroupName(
    const v1::Group& group, const google::protobuf::FieldMask& mask);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USER_REQUESTS_H_
