#include "tests/fakes/entra/closure.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"

namespace rollcall::entra {
namespace {

constexpr size_t kKept = 16;

std::vector<ObjectRef> Compute(const TenantState& state, ObjectRef group,
                               bool see_hidden) {
  std::vector<ObjectRef> found;
  std::vector<bool> queued(state.groups().size());
  std::vector<ObjectRef> queue = {group};
  queued[group.index()] = true;
  while (!queue.empty()) {
    const ObjectRef next = queue.back();
    queue.pop_back();
    if (state.group(next).hidden_membership && !see_hidden) continue;
    for (ObjectRef member : state.group(next).members) {
      if (!member || !state.IsLive(member)) continue;
      found.push_back(member);
      if (member.kind() == ObjectKind::kGroup && !queued[member.index()]) {
        queued[member.index()] = true;
        queue.push_back(member);
      }
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace

ClosureCache::Members ClosureCache::TransitiveMembers(const TenantState& state,
                                                      ObjectRef group,
                                                      bool see_hidden) {
  {
    absl::MutexLock lock(&mutex_);
    for (const Kept& kept : kept_) {
      if (kept.version == state.version() && kept.group == group &&
          kept.see_hidden == see_hidden) {
        return kept.members;
      }
    }
  }
  auto members = std::make_shared<const std::vector<ObjectRef>>(
      Compute(state, group, see_hidden));
  absl::MutexLock lock(&mutex_);
  kept_.push_front({state.version(), group, see_hidden, members});
  if (kept_.size() > kKept) kept_.pop_back();
  return members;
}

std::vector<ObjectRef> DirectMemberOf(const TenantState& state,
                                      ObjectRef member) {
  std::vector<ObjectRef> found;
  for (uint32_t i = 0; i < state.groups().size(); ++i) {
    const Group& group = state.groups()[i];
    if (group.life != Life::kLive) continue;
    const bool is_member =
        group.slots.has_value()
            ? group.slots->contains(member)
            : std::find(group.members.begin(), group.members.end(), member) !=
                  group.members.end();
    if (is_member) found.emplace_back(ObjectKind::kGroup, i);
  }
  return found;
}

std::vector<ObjectRef> TransitiveMemberOf(const TenantState& state,
                                          ObjectRef member) {
  // One look at all memberships, however many groups are found.
  absl::flat_hash_map<ObjectRef, std::vector<ObjectRef>> containers;
  for (uint32_t i = 0; i < state.groups().size(); ++i) {
    const Group& group = state.groups()[i];
    if (group.life != Life::kLive) continue;
    for (ObjectRef inner : group.members) {
      if (inner && inner.kind() == ObjectKind::kGroup) {
        containers[inner].emplace_back(ObjectKind::kGroup, i);
      }
    }
  }
  std::vector<ObjectRef> found;
  std::vector<bool> seen(state.groups().size());
  std::vector<ObjectRef> queue;
  const auto find = [&](const std::vector<ObjectRef>& groups) {
    for (ObjectRef group : groups) {
      if (seen[group.index()]) continue;
      seen[group.index()] = true;
      found.push_back(group);
      queue.push_back(group);
    }
  };
  find(DirectMemberOf(state, member));
  while (!queue.empty()) {
    const ObjectRef next = queue.back();
    queue.pop_back();
    if (const auto it = containers.find(next); it != containers.end()) {
      find(it->second);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace rollcall::entra
