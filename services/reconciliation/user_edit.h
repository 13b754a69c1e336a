// Decides what a person may change about a user (R49, R51, R55, R58, R65, R95
// to R98). All of a request or nothing; what does not change is no write. Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USER_EDIT_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USER_EDIT_H_

#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "services/reconciliation/model.h"

namespace rollcall::reconciliation {

// The fields that somebody wants to set; none: left alone.
struct UserEdit {
  absl::optional<std::string> username;
  absl::optional<std::string> display_name;
  absl::optional<std::string> email;
  absl::optional<std::string> note;
  absl::optional<std::vector<std::string>> groups;  // Ids, in order, once each.
  absl::optional<std::vector<std::string>> phones;  // Numbers, once each.
};

// What the user's own row does not say.
struct EditFacts {
  // The directories that import phones (R96).
  absl::btree_set<std::string> phone_importers;
  // Of the groups that the edit joins or leaves: those that are managed.
  std::vector<Group> managed_groups;
};

enum class Refusal {
  kNone,
  kPendingDeletion,   // The user is in the trash (R58, R65, A14).
  kDisabledBySource,  // Only the source enables the user again (R51).
  kFieldManaged,      // A directory owns the fields (R95).
  kUserManaged,       // A directory owns the user (R49, R55).
};

struct EditVerdict {
  Refusal refusal = Refusal::kNone;
  std::vector<std::string> fields;       // What was refused.
  std::vector<std::string> directories;  // Who owns it; ids.
  User after;                            // As before if refused.
  std::string rule;                      // That allowed or refused.

  friend bool operator==(const EditVerdict&, const EditVerdict&) = default;
};

EditVerdict DecideEdit(const User& user, const UserEdit& edit,
                       const EditFacts& facts, absl::Time now);

// Sets the user's own status.
EditVerdict DecideStatus(const User& user, UserStatus status, absl::Time now);

// A device whose id the user has already changes nothing.
EditVerdict DecideAddDevice(const User& user, const Device& device,
                            absl::Time now);
// One that the user does not have changes nothing.
EditVerdict DecideRemoveDevice(const User& user, const std::string& device_id,
                               absl::Time now);

// Whether the user may be deleted for good; `after` says nothing.
EditVerdict DecideDelete(const User& user);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USER_EDIT_H_
