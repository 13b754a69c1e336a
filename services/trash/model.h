// A user in the trash, and what the feed tells about a user: the values that
// the decisions of this service are made of. Pure.
#ifndef ROLLCALL_SERVICES_TRASH_MODEL_H_
#define ROLLCALL_SERVICES_TRASH_MODEL_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace rollcall::trash {

// A user in the trash.
struct TrashEntry {
  std::string username;
  absl::Time delete_time;      // When the user was marked (R63).
  absl::Time purge_time;       // Promised at that moment: never purged before.
  int64_t deletion_epoch = 0;  // Which of the user's deletions this is.

  friend bool operator==(const TrashEntry&, const TrashEntry&) = default;
};

// What one event of the feed says about one user.
struct UserFact {
  enum class Life {
    kAlive,            // Created, changed or back from the trash.
    kPendingDeletion,  // Marked for deletion (R56).
    kGone,             // Deleted for good; nothing else below is set.
  };

  Life life = Life::kAlive;
  std::string username;
  absl::Time delete_time;      // Of a user that is pending deletion.
  int64_t deletion_epoch = 0;  // How often the user has been marked so far.
};

}  // namespace rollcall::trash

#endif  // ROLLCALL_SERVICES_TRASH_MODEL_H_
