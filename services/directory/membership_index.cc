#include "services/directory/membership_index.h"

#include <algorithm>
#include <numeric>

#include "services/directory/id_sort.h"

namespace rollcall::directory {

MembershipIndex::MembershipIndex(std::vector<DirectMembership> memberships) {
  SortAndUniqueById(memberships, [](const DirectMembership& membership) {
    return membership.user;
  });
  groups_.reserve(memberships.size());
  for (const DirectMembership& membership : memberships) {
    if (users_.empty() || users_.back() != membership.user) {
      begin_.push_back(static_cast<uint32_t>(groups_.size()));
      users_.push_back(membership.user);
    }
    groups_.push_back(membership.group);
  }
  begin_.push_back(static_cast<uint32_t>(groups_.size()));
  users_.shrink_to_fit();

  // About four users in each.
  while (bucket_shift_ > 32 && users_.size() >> (66 - bucket_shift_) > 0) {
    --bucket_shift_;
  }
  buckets_.resize((size_t{1} << (64 - bucket_shift_)) + 1);
  for (const SourceId& user : users_) ++buckets_[BucketOf(user) + 1];
  std::partial_sum(buckets_.begin(), buckets_.end(), buckets_.begin());
}

absl::optional<uint32_t> MembershipIndex::Find(const SourceId& user) const {
  const uint32_t bucket = BucketOf(user);
  const auto end = users_.begin() + buckets_[bucket + 1];
  const auto found =
      std::lower_bound(users_.begin() + buckets_[bucket], end, user);
  if (found == end || *found != user) return absl::nullopt;
  return static_cast<uint32_t>(found - users_.begin());
}

void MembershipIndex::FindAll(
    absl::Span<const SourceId> users,
    std::vector<absl::optional<uint32_t>>& numbers) const {
  for (const SourceId& user : users) {
    __builtin_prefetch(&buckets_[BucketOf(user)]);
  }
  for (const SourceId& user : users) {
    __builtin_prefetch(users_.data() + buckets_[BucketOf(user)]);
  }
  numbers.clear();
  numbers.reserve(users.size());
  for (const SourceId& user : users) {
    numbers.push_back(Find(user));
    if (numbers.back().has_value()) {
      __builtin_prefetch(begin_.data() + *numbers.back());
    }
  }
  for (const absl::optional<uint32_t>& number : numbers) {
    if (number.has_value()) __builtin_prefetch(groups_of(*number).data());
  }
}

}  // namespace rollcall::directory
