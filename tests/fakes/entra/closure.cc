#include "tests/fakes/entra/closure.h"

#include <algorithm>

namespace rollcall::entra {
namespace {

constexpr size_t kKept = 16;

std::vector<ObjectRef> Compute(const TenantState& state, ObjectRef group) {
  std::vector<ObjectRef> found;
  std::vector<bool> queued(state.groups().size());
  std::vector<ObjectRef> queue = {group};
  queued[group.index()] = true;
  while (!queue.empty()) {
    const ObjectRef next = queue.back();
    queue.pop_back();
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
                                                      ObjectRef group) {
  {
    absl::MutexLock lock(&mutex_);
    for (const Kept& kept : kept_) {
      if (kept.version == state.version() && kept.group == group) {
        return kept.members;
      }
    }
  }
  auto members =
      std::make_shared<const std::vector<ObjectRef>>(Compute(state, group));
  absl::MutexLock lock(&mutex_);
  kept_.push_front({state.version(), group, members});
  if (kept_.size() > kKept) kept_.pop_back();
  return members;
}

std::vector<ObjectRef> TransitiveMemberOf(const TenantState& state,
                                          ObjectRef member) {
  std::vector<ObjectRef> found;
  std::vector<bool> seen(state.groups().size());
  std::vector<ObjectRef> queue = {member};
  while (!queue.empty()) {
    const ObjectRef next = queue.back();
    queue.pop_back();
    for (uint32_t i = 0; i < state.groups().size(); ++i) {
      const Group& group = state.groups()[i];
      if (seen[i] || group.life != Life::kLive) continue;
      if (std::find(group.members.begin(), group.members.end(), next) ==
          group.members.end()) {
        continue;
      }
      seen[i] = true;
      found.emplace_back(ObjectKind::kGroup, i);
      queue.emplace_back(ObjectKind::kGroup, i);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace rollcall::entra
