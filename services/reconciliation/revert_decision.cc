#include "services/reconciliation/revert_decision.h"

#include <utility>

namespace rollcall::reconciliation {
namespace {

void Trash(absl::Time now, User& user) {
  if (user.pending_deletion()) return;
  user.delete_time = now;
  ++user.deletion_epoch;
}

User Pinned(User user, const std::string& directory, absl::Time now) {
  user.pinned_by = directory;
  user.update_time = now;
  return user;
}

}  // namespace

User Reverted(const User& now_is, const User& before,
              const std::string& directory, absl::Time now) {
  User after = now_is;
  after.username = before.username;
  after.display_name = before.display_name;
  after.email = before.email;
  after.status = before.status;
  after.disabled_by = before.disabled_by;
  after.claims = before.claims;
  for (Claim& claim : after.claims) {
    const Claim* known = now_is.ClaimOf(claim.directory);
    const bool is_same =
        known != nullptr && known->source_id == claim.source_id;
    // An older reading than the undone one changes nothing any more.
    if (is_same) claim.read_time = known->read_time;
  }
  after.groups = before.groups;
  after.phones = before.phones;
  after.source_has_phone_data = before.source_has_phone_data;
  if (before.pending_deletion()) {
    Trash(now, after);
  } else {
    after.delete_time.reset();
  }
  return Pinned(std::move(after), directory, now);
}

User Uncreated(const User& now_is, const std::string& directory,
               absl::Time now) {
  User after = now_is;
  after.groups.clear();
  Trash(now, after);
  return Pinned(std::move(after), directory, now);
}

User Unpinned(const User& now_is, absl::Time now) {
  User after = now_is;
  after.pinned_by.clear();
  after.update_time = now;
  return after;
}

}  // namespace rollcall::reconciliation
