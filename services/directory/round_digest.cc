#include "services/directory/round_digest.h"

#include <utility>

namespace rollcall::directory {
namespace {

template <typename T>
void Take(const Field<T>& news, Field<T>& field) {
  if (!news.is_absent()) field = news;
}

}  // namespace

SourceUser Merge(SourceUser base, const SourceUser& news) {
  base.id = news.id;
  Take(news.user_principal_name, base.user_principal_name);
  Take(news.display_name, base.display_name);
  Take(news.mail, base.mail);
  Take(news.mobile_phone, base.mobile_phone);
  Take(news.business_phones, base.business_phones);
  Take(news.account_enabled, base.account_enabled);
  Take(news.user_type, base.user_type);
  return base;
}

void AddUsers(const std::vector<UserChange>& changes,
              const std::vector<SkippedObject>& skipped, RoundDigest& digest) {
  for (const UserChange& change : changes) {
    UserNews& news = digest.users[change.user.id];
    if (change.removal.has_value()) {
      news = UserNews();
      news.user.id = change.user.id;
      news.removed = true;
      continue;
    }
    news.removed = false;
    news.user = Merge(std::move(news.user), change.user);
  }
  for (const SkippedObject& object : skipped) {
    if (object.id.has_value()) {
      digest.doubtful_users.insert(*object.id);
    } else {
      ++digest.nameless;
    }
  }
}

void AddGroups(const std::vector<GroupChange>& changes,
               const std::vector<SkippedObject>& skipped, RoundDigest& digest) {
  for (const GroupChange& change : changes) {
    GroupNews& news = digest.groups[change.group.id];
    news.group.id = change.group.id;
    news.removed = change.removal.has_value();
    if (news.removed) {
      news.doubtful = true;
      continue;
    }
    Take(change.group.display_name, news.group.display_name);
    Take(change.group.description, news.group.description);
    Take(change.group.visibility, news.group.visibility);
    for (const MemberChange& change_of_member : change.members) {
      const SourceMember& member = change_of_member.member;
      // Others are ignored (R27).
      if (member.kind == MemberKind::kUser) {
        news.users[member.id] = !change_of_member.removed;
      } else if (member.kind == MemberKind::kGroup) {
        news.groups[member.id] = !change_of_member.removed;
      }
    }
  }
  for (const SkippedObject& object : skipped) {
    if (object.id.has_value()) {
      GroupNews& news = digest.groups[*object.id];
      news.group.id = *object.id;
      news.doubtful = true;
    } else {
      ++digest.nameless;
    }
  }
}

bool IsWhole(const UserNews& news) {
  return !news.removed && news.user.user_principal_name.has_value();
}

}  // namespace rollcall::directory
