#include "services/directory/audit_answers.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "services/directory/completeness.h"

namespace rollcall::directory {
namespace {

using store::StoredGroup;
using Ids = absl::flat_hash_set<SourceId>;

bool Same(const UserAnswer& one, const UserAnswer& other) {
  const SourceUser& a = one.user;
  const SourceUser& b = other.user;
  return one.kind == other.kind && one.reason == other.reason &&
         a.user_principal_name == b.user_principal_name &&
         a.display_name == b.display_name && a.mail == b.mail &&
         a.mobile_phone == b.mobile_phone &&
         a.business_phones == b.business_phones &&
         a.account_enabled == b.account_enabled && a.user_type == b.user_type;
}

// The same groups of one who appeared from nowhere, or none.
bool SameGroups(const SourceId& user, const RoundAnswers& one,
                const RoundAnswers& other) {
  const auto here = one.user_groups.find(user);
  const auto there = other.user_groups.find(user);
  if (here == one.user_groups.end()) return there == other.user_groups.end();
  return there != other.user_groups.end() && here->second == there->second;
}

// Whether both are there, or neither, with the same groups nested in them.
bool SameNesting(const WholeGroup& one, const WholeGroup& other) {
  return one.missing == other.missing &&
         one.members.groups == other.members.groups;
}

Ids Different(const std::vector<SourceId>& one,
              const std::vector<SourceId>& other) {
  std::vector<SourceId> different;
  std::set_symmetric_difference(one.begin(), one.end(), other.begin(),
                                other.end(), std::back_inserter(different));
  return Ids(different.begin(), different.end());
}

// Whether the answer leads to groups that the mirror did not have.
bool LeadsFurther(const AuditSlice& slice, const RoundAnswers& answers) {
  return std::any_of(answers.groups.begin(), answers.groups.end(),
                     [&slice](const WholeGroup& group) {
                       return std::find(slice.groups.begin(),
                                        slice.groups.end(),
                                        group.id) == slice.groups.end();
                     });
}

WholeGroup* Find(const SourceId& id, RoundAnswers& answers) {
  const auto found =
      std::find_if(answers.groups.begin(), answers.groups.end(),
                   [&id](const WholeGroup& group) { return group.id == id; });
  return found == answers.groups.end() ? nullptr : &*found;
}

void Drop(const SourceId& id, RoundAnswers& answers) {
  answers.groups.erase(
      std::remove_if(answers.groups.begin(), answers.groups.end(),
                     [&id](const WholeGroup& group) { return group.id == id; }),
      answers.groups.end());
}

// Makes the answer say of these users what the mirror says.
absl::Status TakeMembersOfMirror(const MirrorReader& mirror, const Ids& users,
                                 WholeGroup& group) {
  if (users.empty()) return absl::OkStatus();
  std::vector<SourceId>& list = group.members.users;
  list.erase(
      std::remove_if(list.begin(), list.end(),
                     [&users](const auto& id) { return users.contains(id); }),
      list.end());
  ASSIGN_OR_RETURN(const std::vector<SourceId> known, mirror.Members(group.id));
  std::copy_if(known.begin(), known.end(), std::back_inserter(list),
               [&users](const auto& id) { return users.contains(id); });
  std::sort(list.begin(), list.end());
  return absl::OkStatus();
}

// Members of whom neither the mirror has a row nor the tenant was asked: they
// left their last group while the list was being read.
absl::StatusOr<Ids> Unanswered(const MirrorReader& mirror,
                               const RoundAnswers& answers,
                               const WholeGroup& group) {
  ASSIGN_OR_RETURN(const std::vector<SourceId> known, mirror.Members(group.id));
  Ids unanswered;
  for (const SourceId& id : group.members.users) {
    if (answers.users.contains(id) ||
        std::binary_search(known.begin(), known.end(), id)) {
      continue;
    }
    ASSIGN_OR_RETURN(const auto row, mirror.FindUser(id));
    if (!row.has_value()) unanswered.insert(id);
  }
  return unanswered;
}

// What the round told of a group without reading its list itself.
absl::StatusOr<bool> TakeNews(const GroupNews& news, const MirrorReader& mirror,
                              WholeGroup& group) {
  const bool hides = HidesMembers(group.description.visibility.value());
  if (!news.groups.empty() ||
      (!news.group.visibility.is_absent() &&
       HidesMembers(news.group.visibility.value()) != hides)) {
    return false;
  }
  Ids told;
  for (const auto& [user, came] : news.users) told.insert(user);
  RETURN_IF_ERROR(TakeMembersOfMirror(mirror, told, group));
  if (!news.group.display_name.is_absent()) {
    group.description.display_name.Clear();
  }
  if (!news.group.description.is_absent()) {
    group.description.description.Clear();
  }
  if (!news.group.visibility.is_absent()) group.description.visibility.Clear();
  return true;
}

template <typename T>
bool LeaveOutDifferent(const Field<T>& other, Field<T>& field) {
  if (field.is_absent() || field == other) return false;
  field.Clear();
  return true;
}

// Whether anything of the description was left out.
absl::StatusOr<bool> DescribeAsMirror(const WholeGroup& other,
                                      const MirrorReader& mirror,
                                      WholeGroup& group) {
  bool different = LeaveOutDifferent(other.description.display_name,
                                     group.description.display_name);
  different |= LeaveOutDifferent(other.description.description,
                                 group.description.description);
  different |= LeaveOutDifferent(other.description.visibility,
                                 group.description.visibility);
  if (other.described == group.described &&
      other.skip_reason == group.skip_reason &&
      other.members.unreadable == group.members.unreadable) {
    return different;
  }
  ASSIGN_OR_RETURN(const absl::optional<StoredGroup> row,
                   mirror.FindGroup(group.id));
  group.described = row.has_value() && row->described();
  group.skip_reason = row.has_value() ? row->skip_reason() : "";
  group.members.unreadable = row.has_value() ? row->unreadable() : 0;
  return true;
}

void Erase(const SourceId& user, RoundAnswers& answers) {
  answers.users.erase(user);
  answers.user_groups.erase(user);
}

}  // namespace

absl::StatusOr<AuditSlice> LeaveOutTouched(const AuditSlice& slice,
                                           const RoundDigest& round,
                                           const MirrorReader& mirror,
                                           RoundAnswers& answers) {
  AuditSlice left;
  std::vector<SourceId> verified;  // By the round, which read their lists.
  for (const SourceId& id : slice.groups) {
    WholeGroup* const group = Find(id, answers);
    if (group == nullptr) continue;
    const auto found = round.groups.find(id);
    if (found != round.groups.end() &&
        (found->second.removed || found->second.doubtful)) {
      verified.push_back(id);
      Drop(id, answers);
      continue;
    }
    if (found != round.groups.end()) {
      ASSIGN_OR_RETURN(const bool taken,
                       TakeNews(found->second, mirror, *group));
      if (!taken) {
        left.groups.push_back(id);
        Drop(id, answers);
        continue;
      }
    }
    ASSIGN_OR_RETURN(const Ids unanswered, Unanswered(mirror, answers, *group));
    if (unanswered.empty()) continue;
    RETURN_IF_ERROR(TakeMembersOfMirror(mirror, unanswered, *group));
    left.groups.push_back(id);
  }
  // The round may have found those groups as well, and they may lead to each
  // other: once more from the beginning.
  if (LeadsFurther(slice, answers) && !round.groups.empty()) {
    answers = RoundAnswers();
    left.groups.clear();
    std::copy_if(slice.groups.begin(), slice.groups.end(),
                 std::back_inserter(left.groups), [&](const SourceId& id) {
                   return std::find(verified.begin(), verified.end(), id) ==
                          verified.end();
                 });
    return left;
  }
  std::vector<SourceId> touched;
  for (const auto& [id, answer] : answers.users) {
    if (!round.users.contains(id) && !round.doubtful_users.contains(id)) {
      continue;
    }
    ASSIGN_OR_RETURN(const auto row, mirror.FindUser(id));
    if (row.has_value()) touched.push_back(id);
  }
  const Ids users(slice.users.begin(), slice.users.end());
  for (const SourceId& id : touched) {
    Erase(id, answers);
    if (users.contains(id)) left.users.push_back(id);
  }
  return left;
}

absl::StatusOr<AuditSlice> LeaveOutDisputed(const AuditSlice& slice,
                                            const RoundAnswers& again,
                                            const MirrorReader& mirror,
                                            RoundAnswers& answers) {
  AuditSlice left;
  Ids disputed;  // Users.
  for (const auto& [id, answer] : answers.users) {
    const auto found = again.users.find(id);
    if (found == again.users.end() || !Same(answer, found->second) ||
        !SameGroups(id, answers, again)) {
      disputed.insert(id);
    }
  }
  const Ids users(slice.users.begin(), slice.users.end());
  for (const SourceId& id : disputed) {
    Erase(id, answers);
    if (!users.contains(id)) continue;
    ASSIGN_OR_RETURN(const auto row, mirror.FindUser(id));
    if (row.has_value()) left.users.push_back(id);
  }
  absl::flat_hash_map<SourceId, const WholeGroup*> others;
  for (const WholeGroup& group : again.groups) others[group.id] = &group;
  const bool leads_further = LeadsFurther(slice, answers);
  for (auto group = answers.groups.begin(); group != answers.groups.end();) {
    const auto other = others.find(group->id);
    if (other == others.end() || !SameNesting(*group, *other->second)) {
      left.groups.push_back(group->id);
      group = answers.groups.erase(group);
      continue;
    }
    Ids doubtful =
        Different(group->members.users, other->second->members.users);
    for (const SourceId& id : group->members.users) {
      // Nobody of the mirror: who it is, is disputed.
      if (disputed.contains(id) && !users.contains(id)) doubtful.insert(id);
    }
    RETURN_IF_ERROR(TakeMembersOfMirror(mirror, doubtful, *group));
    ASSIGN_OR_RETURN(const bool is_described_otherwise,
                     DescribeAsMirror(*other->second, mirror, *group));
    if (!doubtful.empty() || is_described_otherwise) {
      left.groups.push_back(group->id);
    }
    ++group;
  }
  // They lead to each other: once more from the beginning.
  if (leads_further && left.size() > 0) {
    answers = RoundAnswers();
    return slice;
  }
  return left;
}

}  // namespace rollcall::directory
