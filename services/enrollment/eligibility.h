// Decides whether a user is to get a link by mail, or why not (R82, R41, B5).
// Pure.
//
// Asked when a run has ended, and again at the moment of sending.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_ELIGIBILITY_H_
#define ROLLCALL_SERVICES_ENROLLMENT_ELIGIBILITY_H_

#include <string>

#include "absl/strings/string_view.h"

namespace rollcall::enrollment {

enum class UserState { kActive, kBypass, kDisabled, kPendingDeletion };

// What the decision depends on, of the user.
struct Candidate {
  UserState state = UserState::kActive;
  std::string email;
  int device_count = 0;
  bool source_has_phone_data = false;
  // Whether the directory that would mail manages the user.
  bool managed = true;
  // Whether a run was undone for the user, and no plan was applied since.
  bool pinned = false;
};

// What the decision depends on, of the directory.
struct DirectoryOptions {
  bool enrollment_mail = false;
  bool phone_import = false;
};

enum class Eligibility {
  kEligible,
  kMailOff,       // The directory does not want mails (R82, A16).
  kNotManaged,    // The user is none of this directory's.
  kPinned,        // A run was undone for the user: no new mails (B5).
  kTrashed,       // In the trash (R82, A18).
  kDisabled,      // Disabled (R82, A11).
  kBypass,        // Not active, though not barred (R82).
  kNoEmail,       // No address, or none that can be mailed to (R82).
  kHasDevice,     // Enrolled already (R82, R88).
  kHasPhoneData,  // Phones are imported and the source has one (R41, A17).
};

Eligibility Judge(const Candidate& user, const DirectoryOptions& directory);

// For logs and the ledger: `ELIGIBLE`, `MAIL_OFF`, ...
absl::string_view EligibilityName(Eligibility eligibility);

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_ELIGIBILITY_H_
