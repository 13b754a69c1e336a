// Flattens nested groups: for every group, the selected groups that its direct
// members belong to (R18, R23 to R26). Cycles end, several paths count once, an
// inner group that is itself selected counts for itself too. Pure.
//
// Nothing is kept per user: a user's selected groups are the union over the
// groups that it is a direct member of. So memory follows the number of groups,
// and a million users cost nothing here.
#ifndef ROLLCALL_SERVICES_DIRECTORY_GROUP_CLOSURE_H_
#define ROLLCALL_SERVICES_DIRECTORY_GROUP_CLOSURE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/types/span.h"

namespace rollcall::directory {

// The groups of a tenant, numbered 0 to group_count - 1.
struct GroupGraph {
  uint32_t group_count = 0;
  // (outer, inner): the inner group is a direct member of the outer one.
  std::vector<std::pair<uint32_t, uint32_t>> nestings;
  // The selected groups; their places in this list name them below.
  std::vector<uint32_t> selected;
};

// Immutable, thread-safe.
class GroupClosure {
 public:
  explicit GroupClosure(const GroupGraph& graph);

  // The places of the selected groups that somebody belongs to who is a direct
  // member of `groups`, in ascending order. `result` is overwritten, so that a
  // walk over many users allocates once.
  void SelectedGroupsOf(absl::Span<const uint32_t> groups,
                        std::vector<uint32_t>& result) const;

 private:
  // A bit per selected group, `words_` words per group: the selected groups
  // that the group is in, itself included if it is one.
  size_t words_;
  std::vector<uint64_t> selected_above_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_GROUP_CLOSURE_H_
