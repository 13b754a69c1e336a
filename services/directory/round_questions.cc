#include "services/directory/round_questions.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/came_back.h"
#include "services/directory/completeness.h"
#include "services/directory/delta_walk.h"
#include "services/directory/graph_page.h"
#include "services/directory/page_walk.h"

namespace rollcall::directory {
namespace {

using store::StoredGroup;
using store::StoredUser;

constexpr size_t kIdsPerQuestion = 1000;  // What getByIds takes.

absl::Status TooLarge(size_t limit) {
  return ResourceExhausted("GRAPH_ROUND_TOO_LARGE",
                           absl::StrCat("A round asks for more than ", limit,
                                        " objects; a full read is cheaper."));
}

const std::function<void()>& NoTick() {
  static const auto& nothing = *new std::function<void()>([] {});
  return nothing;
}

// Calls `take` with parts of `ids`, in order.
template <typename Take>
void InParts(const std::vector<SourceId>& ids, size_t size, const Take& take) {
  for (size_t begin = 0; begin < ids.size(); begin += size) {
    const auto end = ids.begin() + std::min(ids.size(), begin + size);
    take(std::vector<SourceId>(ids.begin() + begin, end));
  }
}

// Whether what the mirror has of a user can be merged with.
bool IsKnown(const StoredUser& row) {
  return (row.presence() == StoredUser::PRESENT ||
          row.presence() == StoredUser::EXCLUDED) &&
         !row.user_principal_name().empty();
}

// Whether a group hides its members now, and did not before, or shows them
// again.
bool ShowsOrHides(const SourceGroup& news, const StoredGroup& row) {
  return !news.visibility.is_absent() &&
         HidesMembers(news.visibility.value()) !=
             HidesMembers(row.visibility());
}

// Takes away the groups of `member` of which the round itself has said whether
// it is in them.
void LeaveOut(const SourceId& member,
              absl::flat_hash_map<SourceId, bool> GroupNews::*members,
              const RoundDigest& digest, std::vector<SourceId>& groups) {
  const auto is_told = [&](const SourceId& group) {
    const auto news = digest.groups.find(group);
    return news != digest.groups.end() &&
           (news->second.*members).contains(member);
  };
  groups.erase(std::remove_if(groups.begin(), groups.end(), is_told),
               groups.end());
}

}  // namespace

absl::StatusOr<RoundAnswers> RoundQuestions::Ask(
    const RoundDigest& digest, const std::vector<ChangeLink>& links) {
  RETURN_IF_ERROR(AskForOuterGroups(digest));
  RETURN_IF_ERROR(AskForGroups(digest));
  RETURN_IF_ERROR(AskForUserGroups(digest));
  if (!links.empty() && (!answers_.groups.empty() || told_and_absent_)) {
    RETURN_IF_ERROR(AskWhoCameBack(graph_, crew_, groups_, links,
                                   limits_.membership_questions, answers_));
  }
  ASSIGN_OR_RETURN(const std::vector<SourceId> unknown, UnknownUsers(digest));
  RETURN_IF_ERROR(Fetch(unknown));
  return std::move(answers_);
}

// A group that is not in the mirror, or was not there: nothing is said of what
// it is nested in.
absl::Status RoundQuestions::AskForOuterGroups(const RoundDigest& digest) {
  std::vector<SourceId> back;
  for (const auto& [id, news] : digest.groups) {
    if (news.removed) continue;
    const StoredGroup* row = groups_.Find(id);
    if (in_doubt_ == InDoubt::kEverybodyTold || row == nullptr ||
        row->missing()) {
      back.push_back(id);
    }
  }
  if (back.size() > limits_.membership_questions) {
    return TooLarge(limits_.membership_questions);
  }
  std::sort(back.begin(), back.end());
  ASSIGN_OR_RETURN(DirectGroups asked,
                   AskForDirectGroups(graph_, crew_, MemberKind::kGroup, back,
                                      [this](const SourceId& id) {
                                        return groups_.Find(id) != nullptr;
                                      }));
  answers_.outer_groups = std::move(asked.groups);
  for (auto& [inner, outer] : answers_.outer_groups) {
    LeaveOut(inner, &GroupNews::groups, digest, outer);
  }
  return absl::OkStatus();
}

absl::Status RoundQuestions::AskForUserGroups(const RoundDigest& digest) {
  std::vector<SourceId> back;
  const auto ask_for = [&](const SourceId& id) -> absl::Status {
    if (in_doubt_ == InDoubt::kEverybodyTold) {
      back.push_back(id);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const auto row, rows_.FindUser(id));
    if (!row.has_value() || row->presence() == StoredUser::ABSENT) {
      back.push_back(id);
    }
    return absl::OkStatus();
  };
  for (const auto& [id, news] : digest.users) {
    if (!news.removed) RETURN_IF_ERROR(ask_for(id));
  }
  for (const SourceId& id : digest.doubtful_users) {
    if (!digest.users.contains(id)) RETURN_IF_ERROR(ask_for(id));
  }
  if (back.size() > limits_.membership_questions) {
    return TooLarge(limits_.membership_questions);
  }
  std::sort(back.begin(), back.end());
  ASSIGN_OR_RETURN(DirectGroups direct,
                   AskForDirectGroups(graph_, crew_, MemberKind::kUser, back,
                                      [this](const SourceId& id) {
                                        return groups_.Find(id) != nullptr;
                                      }));
  answers_.user_groups = std::move(direct.groups);
  told_and_absent_ = !direct.absent.empty();
  for (auto& [user, groups] : answers_.user_groups) {
    LeaveOut(user, &GroupNews::users, digest, groups);
  }
  return absl::OkStatus();
}

absl::Status RoundQuestions::AskForGroups(const RoundDigest& digest) {
  std::vector<SourceId> to_read;
  absl::flat_hash_set<SourceId> seen;
  std::vector<SourceId> to_find;  // New in the mirror.
  const auto discover = [&](const SourceId& inner) {
    if (groups_.Find(inner) == nullptr && seen.insert(inner).second) {
      to_find.push_back(inner);
    }
  };
  for (const auto& [id, news] : digest.groups) {
    const StoredGroup* row = groups_.Find(id);
    if (row == nullptr) continue;
    // What is gone is confirmed; what is back, or in doubt, is read anew. While
    // a group hides its members, nobody tells who comes and goes.
    if (news.removed || news.doubtful || row->missing() ||
        ShowsOrHides(news.group, *row)) {
      to_read.push_back(id);
      continue;
    }
    for (const auto& [inner, came] : news.groups) {
      if (came) discover(inner);
    }
  }
  for (const auto& [inner, outer] : answers_.outer_groups) {
    if (!outer.empty()) discover(inner);
  }
  std::sort(to_read.begin(), to_read.end());
  RETURN_IF_ERROR(ReadGroups(to_read));
  size_t explored = 0;
  while (true) {
    for (; explored < answers_.groups.size(); ++explored) {
      for (const SourceId& inner : answers_.groups[explored].members.groups) {
        discover(inner);
      }
    }
    if (to_find.empty()) break;
    std::sort(to_find.begin(), to_find.end());
    const std::vector<SourceId> wave = std::exchange(to_find, {});
    // The link first: what changes while they are read comes with the next
    // round.
    RETURN_IF_ERROR(TakeLinks(wave));
    RETURN_IF_ERROR(ReadGroups(wave));
  }
  return Describe();
}

absl::Status RoundQuestions::TakeLinks(const std::vector<SourceId>& groups) {
  std::vector<SourceId> unfollowed;
  std::copy_if(groups.begin(), groups.end(), std::back_inserter(unfollowed),
               [this](const SourceId& id) { return !followed_.contains(id); });
  InParts(unfollowed, kGroupsPerDelta, [this](std::vector<SourceId> part) {
    crew_.Add([this, part]() -> absl::Status {
      ASSIGN_OR_RETURN(std::string link, LatestGroupDelta(graph_, part));
      absl::MutexLock lock(&mutex_);
      answers_.links.push_back({part, std::move(link)});
      return absl::OkStatus();
    });
  });
  return crew_.Wait(NoTick());
}

absl::Status RoundQuestions::ReadGroups(const std::vector<SourceId>& groups) {
  for (const SourceId& id : groups) {
    crew_.Add([this, id]() -> absl::Status {
      WholeGroup group;
      group.id = id;
      const absl::Status chain = ReadMemberList(
          graph_, id, limits_.round_members, [](int64_t) {}, group.members);
      if (ReasonOf(chain) == "DIRECTORY_TOO_LARGE") {
        return TooLarge(limits_.round_members);
      }
      group.missing = ReasonOf(chain) == "GRAPH_NOT_FOUND";
      if (!group.missing) RETURN_IF_ERROR(chain);
      absl::MutexLock lock(&mutex_);
      members_ += group.members.size();
      answers_.groups.push_back(std::move(group));
      return members_ > limits_.round_members ? TooLarge(limits_.round_members)
                                              : absl::OkStatus();
    });
  }
  return crew_.Wait(NoTick());
}

absl::Status RoundQuestions::Describe() {
  std::vector<SourceId> ids;
  absl::flat_hash_map<SourceId, WholeGroup*> by_id;
  for (WholeGroup& group : answers_.groups) {
    if (group.missing) continue;
    ids.push_back(group.id);
    by_id[group.id] = &group;
  }
  InParts(ids, kIdsPerQuestion, [this, &by_id](std::vector<SourceId> part) {
    crew_.Add([this, &by_id, part]() -> absl::Status {
      ASSIGN_OR_RETURN(
          Page<SourceGroup> page,
          GetByIds(graph_, "group", "id,displayName,description,visibility",
                   part, ParseGroupPage));
      absl::MutexLock lock(&mutex_);
      for (const SkippedObject& skipped : page.skipped) {
        if (!skipped.id.has_value()) continue;
        const auto found = by_id.find(*skipped.id);
        if (found == by_id.end()) continue;
        found->second->skip_reason = skipped.reason;
      }
      for (SourceGroup& group : page.items) {
        const auto found = by_id.find(group.id);
        if (found == by_id.end() || group.is_limited()) continue;
        found->second->described = true;
        found->second->description = std::move(group);
      }
      return absl::OkStatus();
    });
  });
  return crew_.Wait(NoTick());
}

absl::StatusOr<std::vector<SourceId>> RoundQuestions::UnknownUsers(
    const RoundDigest& digest) {
  absl::flat_hash_set<SourceId> members;
  absl::flat_hash_set<SourceId> whole;
  for (const WholeGroup& group : answers_.groups) {
    whole.insert(group.id);
    members.insert(group.members.users.begin(), group.members.users.end());
  }
  for (const auto& [id, news] : digest.groups) {
    if (groups_.Find(id) == nullptr || whole.contains(id)) continue;
    for (const auto& [user, came] : news.users) {
      if (came) members.insert(user);
    }
  }
  for (const auto& [user, groups] : answers_.user_groups) {
    if (!groups.empty()) members.insert(user);
  }
  std::vector<SourceId> unknown;
  const auto is_told = [&digest](const SourceId& id) {
    const auto found = digest.users.find(id);
    return found != digest.users.end() &&
           (found->second.removed || IsWhole(found->second));
  };
  for (const SourceId& id : members) {
    if (digest.doubtful_users.contains(id)) {
      unknown.push_back(id);
      continue;
    }
    if (is_told(id)) continue;
    ASSIGN_OR_RETURN(const auto row, rows_.FindUser(id));
    if (!row.has_value()) unknown.push_back(id);
  }
  for (const auto& [id, news] : digest.users) {
    const bool nameless = news.user.user_principal_name.is_null();
    if (news.removed || (IsWhole(news) && !nameless)) continue;
    ASSIGN_OR_RETURN(const auto row, rows_.FindUser(id));
    if (row.has_value() && (nameless || !IsKnown(*row))) unknown.push_back(id);
  }
  for (const SourceId& id : digest.doubtful_users) {
    ASSIGN_OR_RETURN(const auto row, rows_.FindUser(id));
    if (row.has_value()) unknown.push_back(id);
  }
  std::sort(unknown.begin(), unknown.end());
  unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
  return unknown;
}

absl::Status RoundQuestions::Fetch(const std::vector<SourceId>& users) {
  if (users.size() > limits_.round_objects) {
    return TooLarge(limits_.round_objects);
  }
  InParts(users, kIdsPerQuestion, [this](std::vector<SourceId> part) {
    crew_.Add([this, part] { return FetchPart(part); });
  });
  RETURN_IF_ERROR(crew_.Wait(NoTick()));
  std::vector<SourceId> not_shown;
  for (const SourceId& id : users) {
    if (!answers_.users.contains(id)) not_shown.push_back(id);
  }
  if (not_shown.size() > limits_.confirmations) {
    return TooLarge(limits_.confirmations);
  }
  for (const SourceId& id : not_shown) {
    crew_.Add([this, id] { return Confirm(id); });
  }
  return crew_.Wait(NoTick());
}

absl::Status RoundQuestions::FetchPart(const std::vector<SourceId>& users) {
  const absl::flat_hash_set<SourceId> asked(users.begin(), users.end());
  ASSIGN_OR_RETURN(Page<SourceUser> page,
                   GetByIds(graph_, "user", select_, users, ParseUserPage));
  absl::MutexLock lock(&mutex_);
  for (const SkippedObject& skipped : page.skipped) {
    if (!skipped.id.has_value() || !asked.contains(*skipped.id)) continue;
    answers_.users[*skipped.id] = {.kind = UserAnswer::Kind::kUnreadable,
                                   .reason = skipped.reason};
  }
  for (SourceUser& user : page.items) {
    if (!asked.contains(user.id)) continue;
    const SourceId id = user.id;
    answers_.users[id] = {.kind = UserAnswer::Kind::kShown,
                          .user = std::move(user)};
  }
  return absl::OkStatus();
}

absl::Status RoundQuestions::Confirm(const SourceId& id) {
  const absl::StatusOr<std::string> body = graph_.Get(
      absl::StrCat("/v1.0/users/", id.ToString(), "?$select=", select_));
  UserAnswer answer;
  // Only Graph's own 404 is absence (B3).
  if (ReasonOf(body.status()) != "GRAPH_NOT_FOUND") {
    RETURN_IF_ERROR(body.status());
    absl::StatusOr<SourceUser> user = ParseUser(*body);
    if (user.ok() && user->id == id) {
      answer.kind = UserAnswer::Kind::kShown;
      answer.user = *std::move(user);
    } else {
      answer.kind = UserAnswer::Kind::kUnreadable;
      answer.reason = user.ok() ? "OBJECT_ID_INVALID" : ReasonOf(user.status());
    }
  }
  absl::MutexLock lock(&mutex_);
  answers_.users[id] = std::move(answer);
  return absl::OkStatus();
}

}  // namespace rollcall::directory
