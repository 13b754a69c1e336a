// A tenant that changes while it is read. Every change is valid by Entra's
// rules (unique UPNs, existing members), or is refused and changes nothing.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_TENANT_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_TENANT_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/generator.h"
#include "tests/fakes/entra/tenant_state.h"

namespace rollcall::entra {

// What a user is made of, or is changed to. A text that is absent stays as it
// is; one that is empty is cleared.
struct UserFields {
  std::optional<std::string> user_principal_name;
  std::optional<std::string> display_name;
  std::optional<std::string> given_name;
  std::optional<std::string> surname;
  std::optional<std::string> mail;
  std::optional<std::string> mobile_phone;
  std::optional<std::string> business_phone;
  std::optional<std::string> job_title;
  std::optional<std::string> office_location;
  std::optional<std::string> preferred_language;
  std::optional<bool> enabled;
  std::optional<bool> guest;
};

struct UserView {
  std::string id;
  std::string user_principal_name;
  std::string display_name;
  std::string mail;
  bool enabled = false;
};

struct GroupView {
  std::string id;
  std::string display_name;
};

// Thread-safe. A user is named by id or UPN, a group by id or display name, a
// member by any of these.
class Tenant {
 public:
  Tenant(const TenantOptions& options, std::function<absl::Time()> now);

  // Gives the state to `read` while nothing changes.
  template <typename Reader>
  auto Read(Reader read) const {
    absl::ReaderMutexLock lock(&mutex_);
    return read(std::as_const(state_));
  }

  // See TenantState::version.
  uint64_t version() const {
    return Read([](const TenantState& state) { return state.version(); });
  }

  std::optional<UserView> FindUser(absl::string_view user) const;
  std::optional<GroupView> FindGroup(absl::string_view group) const;

  // These return the id.
  absl::StatusOr<std::string> AddUser(const UserFields& fields);
  absl::StatusOr<std::string> AddGroup(absl::string_view display_name,
                                       GroupType type = GroupType::kSecurity);

  absl::Status UpdateUser(absl::string_view user, const UserFields& fields);
  absl::Status RenameUser(absl::string_view user, absl::string_view new_upn);
  // Both at once: nobody ever sees a name twice.
  absl::Status SwapUpns(absl::string_view one, absl::string_view other);
  absl::Status EnableUser(absl::string_view user);
  absl::Status DisableUser(absl::string_view user);
  // Into /directory/deletedItems, from where Restore brings back: by id.
  absl::Status DeleteUser(absl::string_view user);
  absl::Status RestoreUser(absl::string_view id);
  // For good, whether deleted before or not.
  absl::Status PurgeUser(absl::string_view user);

  absl::Status RenameGroup(absl::string_view group,
                           absl::string_view new_display_name);
  absl::Status SetHiddenMembership(absl::string_view group, bool hidden);
  // For good if it is a security group and those are not soft-deleted.
  absl::Status DeleteGroup(absl::string_view group);
  absl::Status RestoreGroup(absl::string_view id);
  absl::Status PurgeGroup(absl::string_view group);
  // See TenantOptions::security_group_soft_delete.
  void SetSecurityGroupSoftDelete(bool soft);
  // Deletes for good what has waited for thirty days.
  void PurgeOldDeleted();

  absl::Status AddMember(absl::string_view group, absl::string_view member);
  absl::Status RemoveMember(absl::string_view group, absl::string_view member);

  // A UPN of this tenant that nobody has, for tests that need a new user.
  std::string UnusedUpn(absl::string_view short_name) const;

 private:
  absl::StatusOr<ObjectRef> NeedUser(absl::string_view user) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<ObjectRef> NeedGroup(absl::string_view group) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<ObjectRef> NeedMember(absl::string_view member) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<ObjectRef> NeedDeleted(absl::string_view id,
                                        ObjectKind kind) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  uint32_t NowSeconds() const;

  const TenantOptions options_;
  const std::function<absl::Time()> now_;
  mutable absl::Mutex mutex_;
  TenantState state_ ABSL_GUARDED_BY(mutex_);
  uint64_t added_ ABSL_GUARDED_BY(mutex_) = 0;  // objects, for their ids
  bool security_group_soft_delete_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_TENANT_H_
