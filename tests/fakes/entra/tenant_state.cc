#include "tests/fakes/entra/tenant_state.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "tests/fakes/entra/prng.h"

namespace rollcall::entra {
namespace {

// UPNs are compared without regard to (ASCII) case. 64 bits make a collision
// in a tenant of a million users a matter of one in thirty million.
uint64_t UpnHash(absl::string_view upn) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, mixed once more
  for (char c : upn) {
    hash = (hash ^ static_cast<unsigned char>(absl::ascii_tolower(c))) *
           0x100000001b3;
  }
  return Mix(hash);
}

absl::string_view UpnOf(const User& user) {
  return user.Text(UserText::kUserPrincipalName).value_or("");
}

// What Entra puts before the UPN of a deleted user, to free the name.
std::string DeletedPrefix(const User& user) {
  return absl::StrReplaceAll(user.id.ToString(), {{"-", ""}});
}

}  // namespace

std::optional<ObjectRef> TenantState::Find(const Guid& id) const {
  const auto it = by_id_.find(id);
  if (it == by_id_.end()) return std::nullopt;
  return it->second;
}

std::optional<ObjectRef> TenantState::FindUser(absl::string_view upn) const {
  const auto it = by_upn_.find(UpnHash(upn));
  if (it == by_upn_.end()) return std::nullopt;
  if (!absl::EqualsIgnoreCase(UpnOf(users_[it->second]), upn)) {
    return std::nullopt;
  }
  return ObjectRef(ObjectKind::kUser, it->second);
}

std::optional<ObjectRef> TenantState::FindGroup(
    absl::string_view display_name) const {
  for (uint32_t i = 0; i < groups_.size(); ++i) {
    if (groups_[i].life == Life::kLive &&
        absl::EqualsIgnoreCase(groups_[i].display_name, display_name)) {
      return ObjectRef(ObjectKind::kGroup, i);
    }
  }
  return std::nullopt;
}

Life TenantState::LifeOf(ObjectRef ref) const {
  switch (ref.kind()) {
    case ObjectKind::kUser:
      return user(ref).life;
    case ObjectKind::kGroup:
      return group(ref).life;
    default:
      return Life::kLive;
  }
}

Guid TenantState::IdOf(ObjectRef ref) const {
  switch (ref.kind()) {
    case ObjectKind::kUser:
      return user(ref).id;
    case ObjectKind::kGroup:
      return group(ref).id;
    default:
      return others(ref.kind())[ref.index()].id;
  }
}

std::string TenantState::UpnBeforeDeletion(ObjectRef user) const {
  const User& record = users_[user.index()];
  return std::string(absl::StripPrefix(UpnOf(record), DeletedPrefix(record)));
}

void TenantState::Reserve(size_t users, size_t groups) {
  users_.reserve(users);
  groups_.reserve(groups);
  by_id_.reserve(users + groups);
  by_upn_.reserve(users);
}

void TenantState::Log(Change change) {
  ++version_;
  if (!in_history_) return;
  change.unix_millis = absl::ToUnixMillis(now_);
  (change.object.kind() == ObjectKind::kUser ? user_changes_ : group_changes_)
      .Append(change);
}

ObjectRef TenantState::Add(User user) {
  const ObjectRef ref(ObjectKind::kUser, static_cast<uint32_t>(users_.size()));
  by_id_[user.id] = ref;
  by_upn_[UpnHash(UpnOf(user))] = ref.index();
  users_.push_back(std::move(user));
  Log({ChangeKind::kCreated, ref, ObjectRef()});
  return ref;
}

ObjectRef TenantState::Add(Group group) {
  const ObjectRef ref(ObjectKind::kGroup,
                      static_cast<uint32_t>(groups_.size()));
  by_id_[group.id] = ref;
  groups_.push_back(std::move(group));
  Log({ChangeKind::kCreated, ref, ObjectRef()});
  return ref;
}

ObjectRef TenantState::Add(ObjectKind kind, OtherObject other) {
  auto& of_kind = others_[static_cast<size_t>(kind)];
  const ObjectRef ref(kind, static_cast<uint32_t>(of_kind.size()));
  by_id_[other.id] = ref;
  of_kind.push_back(std::move(other));
  ++version_;
  return ref;
}

void TenantState::Update(ObjectRef ref, User user, PropertySet changed) {
  User& record = users_[ref.index()];
  // Unless somebody else has taken the name over just now.
  const auto it = by_upn_.find(UpnHash(UpnOf(record)));
  if (it != by_upn_.end() && it->second == ref.index()) by_upn_.erase(it);
  record = std::move(user);
  by_upn_[UpnHash(UpnOf(record))] = ref.index();
  Log({ChangeKind::kUpdated, ref, ObjectRef(), changed});
}

absl::flat_hash_map<ObjectRef, uint32_t>& TenantState::SlotsOf(Group& group) {
  if (!group.slots.has_value()) {
    auto& slots = group.slots.emplace();
    slots.reserve(group.members.size());
    for (uint32_t i = 0; i < group.members.size(); ++i) {
      if (group.members[i]) slots.emplace(group.members[i], i);
    }
  }
  return *group.slots;
}

bool TenantState::AddMember(ObjectRef group, ObjectRef member) {
  Group& record = groups_[group.index()];
  const auto slot = static_cast<uint32_t>(record.members.size());
  if (!SlotsOf(record).try_emplace(member, slot).second) return false;
  record.members.push_back(member);
  Log({ChangeKind::kMemberAdded, group, member});
  return true;
}

bool TenantState::RemoveMember(ObjectRef group, ObjectRef member) {
  Group& record = groups_[group.index()];
  auto& slots = SlotsOf(record);
  const auto it = slots.find(member);
  if (it == slots.end()) return false;
  record.members[it->second] = ObjectRef();
  slots.erase(it);
  Log({ChangeKind::kMemberRemoved, group, member});
  return true;
}

void TenantState::SetUpn(User& user, absl::string_view upn) {
  UserTexts texts = user.texts.Unpack();
  texts[static_cast<size_t>(UserText::kUserPrincipalName)] = upn;
  user.texts = PackedTexts(texts);
}

void TenantState::SoftDelete(ObjectRef ref) {
  const uint32_t now_seconds = NowSeconds();
  if (ref.kind() == ObjectKind::kGroup) {
    Group& record = groups_[ref.index()];
    record.life = Life::kSoftDeleted;
    record.deleted_seconds = now_seconds;
  } else {
    User& record = users_[ref.index()];
    by_upn_.erase(UpnHash(UpnOf(record)));
    SetUpn(record, absl::StrCat(DeletedPrefix(record), UpnOf(record)));
    record.life = Life::kSoftDeleted;
    record.deleted_seconds = now_seconds;
  }
  deletions_.emplace_back(now_seconds, ref);
  Log({ChangeKind::kSoftDeleted, ref, ObjectRef()});
}

void TenantState::Restore(ObjectRef ref) {
  if (ref.kind() == ObjectKind::kGroup) {
    groups_[ref.index()].life = Life::kLive;
  } else {
    User& record = users_[ref.index()];
    const std::string upn = UpnBeforeDeletion(ref);
    SetUpn(record, upn);
    by_upn_[UpnHash(upn)] = ref.index();
    record.life = Life::kLive;
  }
  Log({ChangeKind::kRestored, ref, ObjectRef()});
}

void TenantState::Purge(ObjectRef ref) {
  if (ref.kind() == ObjectKind::kGroup) {
    groups_[ref.index()].life = Life::kGone;
  } else {
    User& record = users_[ref.index()];
    if (record.life == Life::kLive) by_upn_.erase(UpnHash(UpnOf(record)));
    record.life = Life::kGone;
  }
  Log({ChangeKind::kGone, ref, ObjectRef()});
  for (uint32_t i = 0; i < groups_.size(); ++i) {
    // Looking is quicker than the index that RemoveMember makes.
    const Group& group = groups_[i];
    const bool is_member =
        group.slots.has_value()
            ? group.slots->contains(ref)
            : std::find(group.members.begin(), group.members.end(), ref) !=
                  group.members.end();
    if (is_member) RemoveMember(ObjectRef(ObjectKind::kGroup, i), ref);
  }
}

bool TenantState::HasDeletedBefore(absl::Time time) const {
  return !deletions_.empty() &&
         absl::FromUnixSeconds(deletions_.front().first) <= time;
}

void TenantState::PurgeDeletedBefore(absl::Time time) {
  while (HasDeletedBefore(time)) {
    const auto [seconds, ref] = deletions_.front();
    deletions_.pop_front();
    if (LifeOf(ref) != Life::kSoftDeleted) continue;
    const uint32_t deleted = ref.kind() == ObjectKind::kGroup
                                 ? group(ref).deleted_seconds
                                 : user(ref).deleted_seconds;
    if (deleted == seconds) Purge(ref);  // else it was deleted once more
  }
}

}  // namespace rollcall::entra
