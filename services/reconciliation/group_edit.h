// Decides what a person may change about a group: its status always, the rest
// only while no directory manages it (R53, R54). Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_GROUP_EDIT_H_
#define ROLLCALL_SERVICES_RECONCILIATION_GROUP_EDIT_H_

#include <string>

#include "absl/time/time.h"
#include "services/reconciliation/model.h"

namespace rollcall::reconciliation {

struct GroupVerdict {
  bool refused = false;  // The directory that manages the group owns it.
  Group after;           // As before if refused.

  friend bool operator==(const GroupVerdict&, const GroupVerdict&) = default;
};

GroupVerdict DecideRename(const Group& group, const std::string& display_name,
                          absl::Time now);

// Syncs leave the status alone (R54).
Group WithStatus(const Group& group, GroupStatus status, absl::Time now);

// Whether the group may be deleted for good.
GroupVerdict DecideDelete(const Group& group);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_GROUP_EDIT_H_
