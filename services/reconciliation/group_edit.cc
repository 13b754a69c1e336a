#include "services/reconciliation/group_edit.h"

namespace rollcall::reconciliation {

GroupVerdict DecideRename(const Group& group, const std::string& display_name,
                          absl::Time now) {
  if (display_name == group.display_name) return {.after = group};
  if (!group.directory.empty()) return {.refused = true, .after = group};
  GroupVerdict verdict{.after = group};
  verdict.after.display_name = display_name;
  verdict.after.update_time = now;
  return verdict;
}

Group WithStatus(const Group& group, GroupStatus status, absl::Time now) {
  Group after = group;
  if (status == group.status) return after;
  after.status = status;
  after.update_time = now;
  return after;
}

GroupVerdict DecideDelete(const Group& group) {
  return {.refused = !group.directory.empty(), .after = group};
}

}  // namespace rollcall::reconciliation
