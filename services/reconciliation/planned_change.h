// Names what happens to a user or group between two states of it, for people
// who look at a plan (B1). Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_PLANNED_CHANGE_H_
#define ROLLCALL_SERVICES_RECONCILIATION_PLANNED_CHANGE_H_

#include <string>
#include <vector>

#include "services/reconciliation/model.h"

namespace rollcall::reconciliation {

// In the order in which they are told.
enum class PlannedKind {
  kCreate = 1,
  kMerge,      // A user whom nobody manages (R43).
  kAdopt,      // A group that nobody manages (R45).
  kOverwrite,  // Another directory's (R44, R46).
  kRename,
  kUpdate,
  kJoinGroups,
  kLeaveGroups,
  kDisable,
  kEnable,
  kTrash,
  kRestore,
  kRelease,  // The directory lets it go (A6, A8).
};

// `before` is nullptr if the object is created. Times and counts say nothing.
std::vector<PlannedKind> KindsOf(const User* before, const User& after,
                                 const std::string& directory);
std::vector<PlannedKind> KindsOf(const Group* before, const Group& after,
                                 const std::string& directory);

// Whether the service that mails links would mail one to this user when a run
// of the directory has ended, unless a link is live (R41, R70, R82).
struct MailOptions {
  std::string directory;
  bool enrollment_mail = false;
  bool phone_import = false;
};
bool IsMailDue(const User& user, const MailOptions& options);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_PLANNED_CHANGE_H_
