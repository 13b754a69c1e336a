// Who is a direct member of which groups, for a million users in a few dozen
// megabytes: users numbered in the order of their ids, their groups one after
// the other. Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MEMBERSHIP_INDEX_H_
#define ROLLCALL_SERVICES_DIRECTORY_MEMBERSHIP_INDEX_H_

#include <cstdint>
#include <vector>

#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "services/directory/source_id.h"

namespace rollcall::directory {

struct DirectMembership {
  SourceId user;
  uint32_t group = 0;

  friend auto operator<=>(const DirectMembership&,
                          const DirectMembership&) = default;
};

// Immutable, thread-safe.
class MembershipIndex {
 public:
  MembershipIndex() : MembershipIndex(std::vector<DirectMembership>()) {}

  // Any order; what is there twice counts once.
  explicit MembershipIndex(std::vector<DirectMembership> memberships);

  // The users, in ascending order of their ids; their places number them.
  uint32_t size() const { return static_cast<uint32_t>(users_.size()); }
  const SourceId& user(uint32_t number) const { return users_[number]; }

  // The groups that a user is a direct member of, in ascending order.
  absl::Span<const uint32_t> groups_of(uint32_t number) const {
    return absl::MakeConstSpan(groups_).subspan(
        begin_[number], begin_[number + 1] - begin_[number]);
  }

  // The user's number; none if it is a member of nothing.
  absl::optional<uint32_t> Find(const SourceId& user) const;

  // The same for many users, into `numbers`, one for each: several times as
  // fast, for none waits for the memory that another one needs.
  void FindAll(absl::Span<const SourceId> users,
               std::vector<absl::optional<uint32_t>>& numbers) const;

 private:
  // For ids that are random, as GUIDs are, a bucket holds a few; for others
  // Find is a binary search.
  uint32_t BucketOf(const SourceId& user) const {
    return static_cast<uint32_t>(user.high() >> bucket_shift_);
  }

  std::vector<SourceId> users_;
  int bucket_shift_ = 63;
  // The first user of each bucket, one more than buckets.
  std::vector<uint32_t> buckets_;
  std::vector<uint32_t> begin_;  // One more than users.
  std::vector<uint32_t> groups_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MEMBERSHIP_INDEX_H_
