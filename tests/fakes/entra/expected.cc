#include "tests/fakes/entra/expected.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"

namespace rollcall::entra {
namespace {

// Visits every live member of `group` at any depth, some of them repeatedly.
template <typename Visit>
void VisitMembers(const TenantState& state, ObjectRef group, Visit visit) {
  std::vector<bool> queued(state.groups().size());
  std::vector<ObjectRef> queue = {group};
  queued[group.index()] = true;
  while (!queue.empty()) {
    const ObjectRef next = queue.back();
    queue.pop_back();
    for (ObjectRef member : state.group(next).members) {
      if (!member || !state.IsLive(member)) continue;
      visit(member);
      if (member.kind() == ObjectKind::kGroup && !queued[member.index()]) {
        queued[member.index()] = true;
        queue.push_back(member);
      }
    }
  }
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
  std::vector<std::vector<Guid>> groups_of(state.users().size());
  absl::flat_hash_set<ObjectRef> others;
  const absl::flat_hash_set<ObjectRef> distinct(selected.begin(),
                                                selected.end());
  for (ObjectRef group : distinct) {
    if (!state.IsLive(group)) continue;
    ++view.groups;
    const Guid id = state.IdOf(group);
    VisitMembers(state, group, [&](ObjectRef member) {
      if (member.kind() == ObjectKind::kUser) {
        std::vector<Guid>& groups = groups_of[member.index()];
        // This group comes last, if it has come already.
        if (groups.empty() || groups.back() != id) groups.push_back(id);
      } else if (member.kind() != ObjectKind::kGroup) {
        others.insert(member);
      }
    });
  }
  for (ObjectRef other : others) CountOther(other.kind(), view);
  for (uint32_t i = 0; i < groups_of.size(); ++i) {
    std::vector<Guid>& groups = groups_of[i];
    if (groups.empty()) continue;
    std::sort(groups.begin(), groups.end());
    view.memberships += static_cast<int64_t>(groups.size());
    const ObjectRef user(ObjectKind::kUser, i);
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
