// The people and groups of the identity store, as the pure modules see them:
// plain values that can be compared and printed.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_MODEL_H_
#define ROLLCALL_SERVICES_RECONCILIATION_MODEL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace rollcall::reconciliation {

// A user's own status. Being in the trash is not one of them: it is told by
// `User::delete_time`, so that a user who comes back is what he was before.
enum class UserStatus { kActive, kBypass, kDisabled };

// Who disabled a user: what the source disabled only the source enables again
// (R51), what an administrator disabled ends when the user is merged (A13).
enum class DisabledBy { kNobody, kSource, kAdministrator };

// That a directory manages a user, and as which object of its tenant.
struct Claim {
  std::string directory;            // The id: `d1`.
  std::string source_id;            // The object id, lower case.
  std::string user_principal_name;  // As the tenant has it now.

  // The user principal name that the username was made from; it stays when the
  // source renames the user (A3), so that R33 can still tell which form the
  // username has.
  std::string username_origin;

  // When the reading of the source began that has last decided about the user
  // here; an older reading changes nothing any more.
  absl::Time read_time;

  friend bool operator==(const Claim&, const Claim&) = default;
};

struct Phone {
  std::string number;
  std::string directory;  // Whose sync added it; empty: a person did (R47).

  friend bool operator==(const Phone&, const Phone&) = default;
};

// An authentication device that the user has enrolled; no sync touches it
// (R47).
struct Device {
  std::string id;
  std::string display_name;
  absl::Time create_time;

  friend bool operator==(const Device&, const Device&) = default;
};

struct User {
  std::string id;
  std::string username;
  std::string display_name;
  std::string email;
  UserStatus status = UserStatus::kActive;
  DisabledBy disabled_by = DisabledBy::kNobody;
  std::vector<Claim> claims;        // Empty: a manual user.
  std::vector<std::string> groups;  // Ids, in order, each once.
  std::vector<Phone> phones;
  bool source_has_phone_data = false;
  std::vector<Device> devices;
  std::string note;  // For administrators; no sync touches it (R97).
  absl::Time create_time;
  absl::Time update_time;
  absl::optional<absl::Time> delete_time;  // Set: pending deletion (R56).
  int64_t deletion_epoch = 0;              // Counts the deletions.
  // The directory whose run was undone for the user: until its next plan is
  // applied no sync changes the user (B5). Empty: none.
  std::string pinned_by;

  bool pending_deletion() const { return delete_time.has_value(); }
  const Claim* ClaimOf(const std::string& directory) const {
    for (const Claim& claim : claims) {
      if (claim.directory == directory) return &claim;
    }
    return nullptr;
  }

  friend bool operator==(const User&, const User&) = default;
};

enum class GroupStatus { kActive, kBypass, kDisabled };

struct Group {
  std::string id;
  std::string display_name;
  GroupStatus status = GroupStatus::kActive;
  std::string directory;  // The id of the managing one; empty: a manual group.
  std::string source_id;
  int64_t member_count = 0;
  absl::Time create_time;
  absl::Time update_time;

  // The group was taken over, and members whom this directory does not know
  // are still in it, or in it again since a run was undone (R45, R46, B5).
  bool has_strangers = false;

  friend bool operator==(const Group&, const Group&) = default;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_MODEL_H_
