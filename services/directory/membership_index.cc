#include "services/directory/membership_index.h"

#include <algorithm>

namespace rollcall::directory {

MembershipIndex::MembershipIndex(std::vector<DirectMembership> memberships) {
  std::sort(memberships.begin(), memberships.end());
  memberships.erase(std::unique(memberships.begin(), memberships.end()),
                    memberships.end());
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
}

absl::optional<uint32_t> MembershipIndex::Find(const SourceId& user) const {
  const auto found = std::lower_bound(users_.begin(), users_.end(), user);
  if (found == users_.end() || *found != user) return absl::nullopt;
  return static_cast<uint32_t>(found - users_.begin());
}

}  // namespace rollcall::directory
