#include "services/reconciliation/feed_copy.h"

#include <algorithm>

namespace rollcall::reconciliation {

v1::WatchChangesRequest FeedCopy::Request(const std::string& account) const {
  v1::WatchChangesRequest request;
  request.set_parent(account);
  request.set_cursor(cursor);
  request.set_snapshot(true);
  for (const std::string& group : filter_groups) request.add_groups(group);
  for (const auto kind : filter_kinds) request.add_kinds(kind);
  return request;
}

void FeedCopy::StartOver() {
  cursor.clear();
  shown.clear();
  // The old history's sequences say nothing about the new one's.
  for (auto& [name, entry] : users) entry.as_of = 0;
  for (auto& [name, entry] : groups) entry.as_of = 0;
}

bool FeedCopy::IsInFilter(const v1::User& user) const {
  return filter_groups.empty() ||
         std::any_of(user.groups().begin(), user.groups().end(),
                     [this](const std::string& group) {
                       return std::count(filter_groups.begin(),
                                         filter_groups.end(), group) > 0;
                     });
}

void FeedCopy::PutUser(const v1::User& user, int64_t as_of) {
  auto known = users.find(user.name());
  if (known != users.end() && known->second.as_of > as_of) return;
  if (IsInFilter(user)) {
    users[user.name()] = {user, as_of};
  } else {
    users.erase(user.name());
  }
}

void FeedCopy::PutGroup(const v1::Group& group, int64_t as_of) {
  auto known = groups.find(group.name());
  if (known != groups.end() && known->second.as_of > as_of) return;
  groups[group.name()] = {group, as_of};
}

void FeedCopy::Take(const v1::WatchChangesResponse& response) {
  if (response.has_snapshot_user()) {
    PutUser(response.snapshot_user(), response.snapshot_sequence());
    shown.insert(response.snapshot_user().name());
  } else if (response.has_snapshot_group()) {
    PutGroup(response.snapshot_group(), response.snapshot_sequence());
    shown.insert(response.snapshot_group().name());
  } else if (response.snapshot_complete()) {
    const auto drop_unseen = [this](auto* entries) {
      for (auto entry = entries->begin(); entry != entries->end();) {
        entry = shown.count(entry->first) > 0 ? std::next(entry)
                                              : entries->erase(entry);
      }
    };
    drop_unseen(&users);
    drop_unseen(&groups);
    shown.clear();
  } else if (response.has_event()) {
    TakeEvent(response.event());
  }
  cursor = response.cursor();
}

void FeedCopy::TakeEvent(const v1::ChangeEvent& event) {
  switch (event.change_case()) {
    case v1::ChangeEvent::kUserChange:
      PutUser(event.user_change().user(), event.sequence());
      break;
    case v1::ChangeEvent::kUserPurge:
      users.erase(event.user_purge().name());
      break;
    case v1::ChangeEvent::kGroupChange:
      PutGroup(event.group_change(), event.sequence());
      break;
    case v1::ChangeEvent::kGroupDelete:
      groups.erase(event.group_delete().name());
      break;
    case v1::ChangeEvent::kRunFinished:
    case v1::ChangeEvent::CHANGE_NOT_SET:
      break;
  }
}

}  // namespace rollcall::reconciliation
