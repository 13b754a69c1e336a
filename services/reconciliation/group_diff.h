// Decides what a sync does to the groups of a directory, all of them at once,
// so that two groups may swap their names. Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_GROUP_DIFF_H_
#define ROLLCALL_SERVICES_RECONCILIATION_GROUP_DIFF_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/reconciliation/desk_decision.h"
#include "services/reconciliation/model.h"

namespace rollcall::reconciliation {

// A selected group, as the source has it.
struct DesiredGroup {
  std::string source_id;  // What it is known by, whatever its name (R19).
  std::string display_name;
  bool missing = false;  // The tenant does not know it any more (A7).
  // What was decided about it at the desk (B10): a group that is not linked yet
  // may stay out; another name holds for a linked one too.
  DeskDecision desk;
};

// The name that the group is to have.
const std::string& WantedName(const DesiredGroup& group);

// Names are compared without regard to case, like usernames (R37).
std::string GroupNameKey(absl::string_view display_name);

enum class GroupFate {
  kUnchanged,
  kCreate,
  kTakeOver,  // Existed under the same name (R45, R46).
  kRename,    // The source renamed it (A24), or the desk (B10).
  kConflict,  // Its name is taken: not created, or not renamed (A24).
  kMissing,   // Left alone, with its members (A7).
  kSkip,      // Stays out, as was decided (B10).
};

struct GroupDecision {
  GroupFate fate = GroupFate::kUnchanged;
  std::string rule;
  Group after;  // Without id if created. Unset if there is nothing to link to.
  bool linked = false;  // Whether `after` is the target's group from now on.
};

// What to do for each of `desired`, in their order. `own` are the groups that
// `directory` manages; `namesakes` are all groups, whoever manages them, that
// have the name of a desired one.
//
// A name is free if nobody has it, or if the group that has it gives it up in
// the same plan. An unlinked group takes a namesake over unless that one is a
// selected group of this directory itself; a linked group never does: its new
// name waits (A24). Of those that want one name, one that the desk has adopted
// gets it (B10), and then the one with the smallest source id.
std::vector<GroupDecision> PlanGroups(const std::string& directory,
                                      const std::vector<DesiredGroup>& desired,
                                      const std::vector<Group>& own,
                                      const std::vector<Group>& namesakes,
                                      absl::Time now);

// Whether a sync of `directory` takes the user out of a group that it has taken
// over (R45, R46): it does not know him, or not any more.
bool IsStranger(const User& user, const std::string& directory);

// The group after it is no longer selected (A8): unmanaged, its status kept.
Group Released(const Group& group, absl::Time now);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_GROUP_DIFF_H_
