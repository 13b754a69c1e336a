// Sums up a delta round: what it says in the end about each user, each group
// and each membership. Pages, slices, duplicates and replays are gone after
// this; of several words about one thing, the last one counts. Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_ROUND_DIGEST_H_
#define ROLLCALL_SERVICES_DIRECTORY_ROUND_DIGEST_H_

#include <cstddef>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "services/directory/delta_page.h"
#include "services/directory/source_id.h"
#include "services/directory/source_objects.h"

namespace rollcall::directory {

struct UserNews {
  SourceUser user;       // Tri-state: what was told since it was last removed.
  bool removed = false;  // Restorable or not: both are removals.
};

struct GroupNews {
  SourceGroup group;     // Tri-state.
  bool removed = false;  // In the end.
  // It was removed at any time, or could not be read: what is said about its
  // members does not tell who they are.
  bool doubtful = false;
  // Whether the member came (true) or went, in the end.
  absl::flat_hash_map<SourceId, bool> users;
  absl::flat_hash_map<SourceId, bool> groups;
};

struct RoundDigest {
  absl::flat_hash_map<SourceId, UserNews> users;
  absl::flat_hash_map<SourceId, GroupNews> groups;
  // Users that came, and could not be read.
  absl::flat_hash_set<SourceId> doubtful_users;
  // Objects that could not be read, not even their ids.
  size_t nameless = 0;

  bool empty() const {
    return users.empty() && groups.empty() && doubtful_users.empty() &&
           nameless == 0;
  }
};

// Both add to a digest, in arrival order.
void AddUsers(const std::vector<UserChange>& changes,
              const std::vector<SkippedObject>& skipped, RoundDigest& digest);
void AddGroups(const std::vector<GroupChange>& changes,
               const std::vector<SkippedObject>& skipped, RoundDigest& digest);

// Whether the news are the whole object, not what changed about it: a delta
// tells every property that a user has, and each user has a name.
bool IsWhole(const UserNews& news);

// `base` with what the news say: null clears, absence says nothing.
SourceUser Merge(SourceUser base, const SourceUser& news);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_ROUND_DIGEST_H_
