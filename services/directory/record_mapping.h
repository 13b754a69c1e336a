// Maps a user of the source to the target's terms: username, email, state
// (R28, R29, R31, R32, R37, A23). Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_RECORD_MAPPING_H_
#define ROLLCALL_SERVICES_DIRECTORY_RECORD_MAPPING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/identity/values.h"
#include "services/directory/source_objects.h"

namespace rollcall::directory {

struct MappingOptions {
  bool normalize_usernames = false;  // R32.
};

inline constexpr absl::string_view kEmailMalformed = "EMAIL_MALFORMED";
inline constexpr absl::string_view kSourceHidden = "SOURCE_HIDDEN";

// Refers to the user that it was made of.
struct MappedUser {
  std::string username;  // Lower case; empty if `skip_reason` says why.
  absl::string_view display_name;
  absl::string_view email;  // Empty if there is none.
  bool enabled = true;
  bool guest = false;

  // Why the user cannot be imported: USERNAME_EMPTY, USERNAME_INVALID, or
  // kSourceHidden if the source shows nothing but the id. Empty: it can.
  std::string skip_reason;
  // What was left out: kEmailMalformed.
  std::vector<std::string> warnings;
};

// The username that a user principal name gives (R31, R32, R37), or why none.
absl::StatusOr<Username> UsernameOf(absl::string_view user_principal_name,
                                    const MappingOptions& options);

MappedUser MapUser(const SourceUser& user, const MappingOptions& options);

// A user of whom nothing but the id is known, and why.
MappedUser SkippedUser(std::string skip_reason);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_RECORD_MAPPING_H_
