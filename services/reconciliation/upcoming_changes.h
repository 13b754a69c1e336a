// Tells what happens to a user next, and when (B4).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_UPCOMING_CHANGES_H_
#define ROLLCALL_SERVICES_RECONCILIATION_UPCOMING_CHANGES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/model.h"

namespace rollcall::reconciliation {

// A directory that manages the user, and its configuration, or why it is not
// known.
struct ManagingDirectory {
  DirectoryName name;
  absl::StatusOr<directory::v1::Directory> configured;
};

struct OutlookFacts {
  const rollcall::store::Reader& reader;  // Of one instant.
  const AccountName& account;
  const User& user;
  const std::vector<ManagingDirectory>& directories;
  // How long the trash keeps users (R60, A21).
  absl::Duration trash_retention;
  absl::Time now;
};

// The earliest first; what waits for no time comes last. Where a directory
// cannot be asked for its configuration, what follows from it is left out.
absl::StatusOr<std::vector<v1::UpcomingChange>> UpcomingChanges(
    const OutlookFacts& facts);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_UPCOMING_CHANGES_H_
