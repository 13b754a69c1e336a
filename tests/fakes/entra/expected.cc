#include "tests/fakes/entra/expected.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"

namespace rollcall::entra {
namespace {

// Visits `group` and every member at any depth that is not gone for good, some
// of them repeatedly. The members of members that are not live, or that may
// not be looked into, do not count.
template <typename Visit>
void VisitMembers(const TenantState& state, ObjectRef group,
                  const ExpectedOptions& options, Visit visit) {
  std::vector<bool> queued(state.groups().size());
  std::vector<ObjectRef> queue = {group};
  queued[group.index()] = true;
  while (!queue.empty()) {
    const ObjectRef next = queue.back();
    queue.pop_back();
    visit(next);
    if (state.group(next).hidden_membership && !options.hidden_members) {
      continue;
    }
    for (ObjectRef member : state.group(next).members) {
      if (!member || state.LifeOf(member) == Life::kGone) continue;
      if (member.kind() != ObjectKind::kGroup) visit(member);
      if (!state.IsLive(member)) continue;
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
                     absl::Span<const ObjectRef> selected,
                     const ExpectedOptions& options) {
  ExpectedView view;
  std::vector<std::vector<Guid>> groups_of(state.users().size());
  absl::flat_hash_set<ObjectRef> others;
  absl::flat_hash_set<ObjectRef> deleted;
  absl::flat_hash_set<ObjectRef> hidden;
  const absl::flat_hash_set<ObjectRef> distinct(selected.begin(),
                                                selected.end());
  for (ObjectRef group : distinct) {
    if (!state.IsLive(group)) continue;
    ++view.groups;
    const Guid id = state.IdOf(group);
    VisitMembers(state, group, options, [&](ObjectRef member) {
      if (member.kind() == ObjectKind::kUser) {
        if (state.user(member).guest && !options.guests) return;
        if (!state.IsLive(member)) {
          deleted.insert(member);
          return;
        }
        std::vector<Guid>& groups = groups_of[member.index()];
        // This group comes last, if it has come already.
        if (groups.empty() || groups.back() != id) groups.push_back(id);
      } else if (member.kind() != ObjectKind::kGroup) {
        others.insert(member);
      } else if (state.group(member).hidden_membership) {
        hidden.insert(member);
      }
    });
  }
  for (ObjectRef other : others) CountOther(other.kind(), view);
  for (ObjectRef user : deleted) view.deleted.push_back(state.IdOf(user));
  std::sort(view.deleted.begin(), view.deleted.end());
  view.hidden_groups = static_cast<int64_t>(hidden.size());
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
