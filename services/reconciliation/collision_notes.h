// Tells what an administrator may want to settle about an object of the source
// (B10): what the model's behaviour would do with it, whatever was decided.
// Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_COLLISION_NOTES_H_
#define ROLLCALL_SERVICES_RECONCILIATION_COLLISION_NOTES_H_

#include <string>
#include <vector>

#include "services/reconciliation/group_diff.h"
#include "services/reconciliation/model.h"
#include "services/reconciliation/user_diff.h"

namespace rollcall::reconciliation {

// The numbers are those of the contract.
enum class CollisionKind {
  kManualUser = 1,         // R43
  kSharedUser = 2,         // R44
  kUsername = 3,           // A4
  kManualGroup = 4,        // R45
  kSharedGroup = 5,        // R46
  kGroupName = 6,          // A24
  kGuest = 7,              // A23
  kMalformedPhone = 8,     // R42
  kMissingEmail = 9,       // R29
  kRenamePending = 10,     // A3
  kManuallyDisabled = 11,  // A13
  kNotImportable = 12,     // R37
};

struct CollisionNote {
  CollisionKind kind = CollisionKind::kManualUser;
  std::string wanted;
  std::string holder;  // Our id; empty: nobody, or who wants it as well.
  std::string rule;
  std::string reason;  // Of kNotImportable: `USERNAME_EMPTY`.

  friend bool operator==(const CollisionNote&, const CollisionNote&) = default;
};

struct UserMeeting {
  const User* linked = nullptr;    // Linked to the object.
  const User* namesake = nullptr;  // Has the name that the source wants.
  // Whoever has the name that the linked user would get (R33, A3).
  const User* in_the_way = nullptr;
  // Whether the user waits for him, or for the namesake, to go out of the way.
  bool waits = false;
  // Whether another user waits for the name, who came before.
  bool is_awaited = false;
  // Guests, phones and emails of users who are linked are told too.
  bool tells_linked = false;
};
std::vector<CollisionNote> NotesOf(const DesiredUser& desired,
                                   const UserMeeting& meeting,
                                   const SyncRules& rules);

// `decision` is what PlanGroups says without any decision of the desk;
// `namesake` has the name that the source wants; nullptr: nobody.
std::vector<CollisionNote> NotesOf(const DesiredGroup& desired,
                                   const GroupDecision& decision,
                                   const Group* namesake);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_COLLISION_NOTES_H_
