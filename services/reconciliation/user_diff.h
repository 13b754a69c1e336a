// Decides what a sync does to one user. Never takes anything away before the
// reading is proven complete (R30): what would, is withheld. Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USER_DIFF_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USER_DIFF_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "services/reconciliation/desk_decision.h"
#include "services/reconciliation/model.h"
#include "services/reconciliation/username_rename.h"

namespace rollcall::reconciliation {

// What the source says a user should be.
struct DesiredUser {
  std::string source_id;
  std::string user_principal_name;
  std::string username;  // Mapped by R31, R32 and R37; empty if it has none.
  std::string display_name;
  std::string email;
  bool enabled = true;
  std::vector<std::string> phones;  // Numbers; empty while import is off.
  bool has_phone_data = false;
  std::vector<std::string> groups;  // Ids of ours, in order, each once.
  bool username_collides = false;   // Another user in scope maps to it (A4).
  std::string skip_reason;          // `USERNAME_EMPTY`; empty: none.
  bool guest = false;               // A23
  bool phone_malformed = false;     // A number was left out (R42).
};

// How the directory is synchronized in this run.
struct SyncRules {
  std::string directory;  // The id.
  bool phone_import = false;
  bool normalization = false;
  // A sync of a single user leaves the username alone (R36, R73).
  bool may_rename = true;
  // A username follows the source when it renames the user (A3).
  bool follow_renames = false;
  absl::flat_hash_set<std::string> own_groups;      // Managed by the directory.
  absl::flat_hash_set<std::string> missing_groups;  // Among them: gone (A7).
};

// What the store knows that the user's own row does not say.
struct SeenFacts {
  const User* linked = nullptr;    // Linked to the source id; or else:
  const User* namesake = nullptr;  // has the username of WantedUsername.
  // Whether somebody else has, or waits for, the username of WantedRename, and
  // whether he may be given another one by the same run.
  bool rename_is_taken = false;
  bool rename_may_come_free = false;
  // Whether `namesake` may be given another name by the same run.
  bool username_may_come_free = false;
  // Whether somebody of the directory who came before waits for that name: then
  // it is his, even if it is free by now.
  bool is_awaited = false;
  // What was decided about the object at the desk (B10).
  DeskDecision desk;
};

// The username that somebody who is not linked yet would get.
const std::string& WantedUsername(const DesiredUser& desired,
                                  const DeskDecision& desk);

// The username that a user whom the directory claims would get instead of his;
// none: he keeps it.
absl::optional<Rename> WantedRename(const DesiredUser& desired,
                                    const User& linked, const SyncRules& rules,
                                    const DeskDecision& desk);

enum class Fate {
  kUnchanged,
  kCreate,
  kMerge,      // Existed under the same username (R43, R44).
  kUpdate,     //
  kRestore,    // Comes back from the trash (R61).
  kRemove,     // Goes to the trash (R56).
  kDropClaim,  // Another directory still manages the user (A6).
  kHold,       // Would leave, if a selected group were not missing (A7).
  kSkip,       // Cannot be imported; see `reason`.
  kWait,       // Is created if the same run frees WantedUsername.
};

// What a sync wants to take away from a user who is in scope.
struct Withheld {
  bool disable = false;                   // R50
  std::vector<std::string> leave_groups;  // Ids.
  bool clear_email = false;               // A5

  bool empty() const {
    return !disable && leave_groups.empty() && !clear_email;
  }
  friend bool operator==(const Withheld&, const Withheld&) = default;
};

struct UserDecision {
  Fate fate = Fate::kUnchanged;
  std::string reason;              // Of a skip: `USERNAME_COLLISION`.
  User after;                      // Without id if created; unset if skipped.
  std::vector<std::string> rules;  // Why, the weightiest first.
  bool disabled = false;           // Set to disabled by this decision.
  bool enabled = false;            // From disabled to active.
  bool renamed = false;
  absl::optional<Rename> waiting;     // For a name that may come free.
  Withheld withheld;                  // Due when completeness is proven.
  std::vector<std::string> warnings;  // `RENAME_PENDING`, `USERNAME_COLLISION`.
};

// For a user in scope. An existing link is always kept: a collision, an empty
// username or a decision of the desk keeps out only those who are not linked
// yet (A4, B10).
UserDecision DecideSeen(const DesiredUser& desired, const SeenFacts& facts,
                        const SyncRules& rules, absl::Time now);

// For a managed user who is not in scope any more; due only when completeness
// is proven. A user who is in the trash already stays there as he is: the clock
// of R63 is not restarted.
UserDecision DecideAbsent(const User& user, const SyncRules& rules,
                          absl::Time now);

// Takes away what was withheld.
UserDecision DecideWithheld(const User& user, const Withheld& withheld,
                            absl::Time now);

// The same decision with what it withholds, for a sync that has its proof
// already.
UserDecision WithTaking(UserDecision decision, absl::Time now);

// Whether what is stored comes from a newer reading of the source than
// `reading`, so that `reading` must not change it. A time that has not come yet
// was written before the clock was set back, and means nothing.
bool IsFromNewerReading(absl::Time stored, absl::Time reading, absl::Time now);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USER_DIFF_H_
