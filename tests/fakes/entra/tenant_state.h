// All objects of a tenant, how to find them, and what changed. Every change
// goes into the change logs; what may be changed is decided by Tenant.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_TENANT_STATE_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_TENANT_STATE_H_

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/change_log.h"
#include "tests/fakes/entra/guid.h"
#include "tests/fakes/entra/objects.h"
#include "tests/fakes/entra/properties.h"

namespace rollcall::entra {

// Not thread-safe: Tenant holds the lock. Objects are never taken out.
class TenantState {
 public:
  TenantState() = default;
  TenantState(TenantState&&) = default;
  TenantState& operator=(TenantState&&) = default;

  // Of the organization.
  std::string name;
  std::string initial_domain;   // contoso.onmicrosoft.com
  std::string verified_domain;  // contoso.example

  const std::vector<User>& users() const { return users_; }
  const std::vector<Group>& groups() const { return groups_; }
  const std::vector<OtherObject>& others(ObjectKind kind) const {
    return others_[static_cast<size_t>(kind)];
  }
  const User& user(ObjectRef ref) const { return users_[ref.index()]; }
  const Group& group(ObjectRef ref) const { return groups_[ref.index()]; }

  // Finds objects in any state of life.
  std::optional<ObjectRef> Find(const Guid& id) const;
  // Find live objects only; letter case does not matter.
  std::optional<ObjectRef> FindUser(absl::string_view upn) const;
  std::optional<ObjectRef> FindGroup(absl::string_view display_name) const;

  Life LifeOf(ObjectRef ref) const;
  bool IsLive(ObjectRef ref) const { return LifeOf(ref) == Life::kLive; }
  Guid IdOf(ObjectRef ref) const;
  // What a soft-deleted user was called, and will be when it is restored.
  std::string UpnBeforeDeletion(ObjectRef user) const;

  const ChangeLog& user_changes() const { return user_changes_; }
  const ChangeLog& group_changes() const { return group_changes_; }
  // Goes up with every change; what was rendered at one version stays true.
  uint64_t version() const { return version_; }

  // What is there so far becomes the beginning of history.
  void StartHistory() { in_history_ = true; }
  // The time of the changes to come.
  void SetTime(absl::Time now) { now_ = now; }
  void Reserve(size_t users, size_t groups);

  ObjectRef Add(User user);
  ObjectRef Add(Group group);
  ObjectRef Add(ObjectKind kind, OtherObject other);

  // Overwrites the record of a user or group; `changed` is for the log.
  void Update(ObjectRef ref, User user, PropertySet changed);
  // The functor changes a group in place.
  template <typename Edit>
  void EditGroup(ObjectRef ref, PropertySet changed, Edit edit) {
    edit(groups_[ref.index()]);
    Log({ChangeKind::kUpdated, ref, ObjectRef(), changed});
  }

  // Appends at most one membership of each kind of member to a group.
  // False if it was one already.
  bool AddMember(ObjectRef group, ObjectRef member);
  // False if it was none.
  bool RemoveMember(ObjectRef group, ObjectRef member);
  // Quick, for the generator: the caller knows that it is new.
  void AppendMember(ObjectRef group, ObjectRef member) {
    groups_[group.index()].members.push_back(member);
  }

  void SoftDelete(ObjectRef ref);
  void Restore(ObjectRef ref);
  // Deletes for good, and takes the object out of all groups.
  void Purge(ObjectRef ref);
  // Whether an object waits in the deleted items since then or longer.
  bool HasDeletedBefore(absl::Time time) const;
  void PurgeDeletedBefore(absl::Time time);

 private:
  void Log(Change change);
  uint32_t NowSeconds() const {
    return static_cast<uint32_t>(absl::ToUnixSeconds(now_));
  }
  void SetUpn(User& user, absl::string_view upn);
  absl::flat_hash_map<ObjectRef, uint32_t>& SlotsOf(Group& group);

  std::vector<User> users_;
  std::vector<Group> groups_;
  std::array<std::vector<OtherObject>, kObjectKinds> others_;
  absl::flat_hash_map<Guid, ObjectRef> by_id_;
  absl::flat_hash_map<uint64_t, uint32_t> by_upn_;  // by a hash of the UPN
  ChangeLog user_changes_;
  ChangeLog group_changes_;
  // When, and what, in this order; some were restored since.
  std::deque<std::pair<uint32_t, ObjectRef>> deletions_;
  absl::Time now_ = absl::UnixEpoch();
  uint64_t version_ = 0;
  bool in_history_ = false;
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_TENANT_STATE_H_
