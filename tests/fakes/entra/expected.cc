#include "tests/fakes/entra/expected.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace rollcall::entra {
namespace {

// Everything that is a member of `group` at any depth, `group` excluded.
absl::flat_hash_set<ObjectRef> MembersAtAnyDepth(const TenantState& state,
                                                 ObjectRef group) {
  absl::flat_hash_set<ObjectRef> found;
  absl::flat_hash_set<ObjectRef> visited = {group};
  std::vector<ObjectRef> to_visit = {group};
  while (!to_visit.empty()) {
    const ObjectRef next = to_visit.back();
    to_visit.pop_back();
    for (ObjectRef member : state.group(next).members) {
      if (!member || !state.IsLive(member)) continue;
      found.insert(member);
      if (member.kind() == ObjectKind::kGroup &&
          visited.insert(member).second) {
        to_visit.push_back(member);
      }
    }
  }
  return found;
}

void CountUser(const User& user, ExpectedView& view) {
  const bool has_mail = user.Text(UserText::kMail).has_value();
  const bool has_phone_data = user.Text(UserText::kMobilePhone).has_value() ||
                              user.Text(UserText::kBusinessPhone).has_value();
  ++(user.enabled ? view.enabled : view.disabled);
  if (user.guest) ++view.guests;
  if (!has_mail) ++view.without_mail;
  if (has_phone_data) ++view.with_phone_data;
  if (user.enabled && has_mail && !has_phone_data) ++view.mail_eligible;
}

void CountOther(ObjectKind kind, ExpectedView& view) {
  if (kind == ObjectKind::kDevice) ++view.devices;
  if (kind == ObjectKind::kContact) ++view.contacts;
  if (kind == ObjectKind::kServicePrincipal) ++view.service_principals;
}

}  // namespace

ExpectedView Flatten(const TenantState& state,
                     absl::Span<const ObjectRef> selected) {
  ExpectedView view;
  absl::flat_hash_map<ObjectRef, std::vector<Guid>> groups_of;
  absl::flat_hash_set<ObjectRef> others;
  const absl::flat_hash_set<ObjectRef> distinct(selected.begin(),
                                                selected.end());
  for (ObjectRef group : distinct) {
    if (!state.IsLive(group)) continue;
    ++view.groups;
    for (ObjectRef member : MembersAtAnyDepth(state, group)) {
      if (member.kind() == ObjectKind::kUser) {
        groups_of[member].push_back(state.IdOf(group));
      } else if (member.kind() != ObjectKind::kGroup) {
        others.insert(member);
      }
    }
  }
  for (ObjectRef other : others) CountOther(other.kind(), view);
  for (auto& [user, groups] : groups_of) {
    std::sort(groups.begin(), groups.end());
    view.memberships += static_cast<int64_t>(groups.size());
    CountUser(state.user(user), view);
    view.users.push_back({user, std::move(groups)});
  }
  std::sort(view.users.begin(), view.users.end(),
            [&state](const ExpectedUser& a, const ExpectedUser& b) {
              return state.IdOf(a.user) < state.IdOf(b.user);
            });
  return view;
}

}  // namespace rollcall::entra
