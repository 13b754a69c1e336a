// Tells who of a mirror is in scope, and in which selected groups. Built from
// the groups alone.
#ifndef ROLLCALL_SERVICES_DIRECTORY_SCOPE_VIEW_H_
#define ROLLCALL_SERVICES_DIRECTORY_SCOPE_VIEW_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/directory/group_closure.h"
#include "services/directory/group_table.h"
#include "services/directory/source_id.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// Immutable, thread-safe.
class ScopeView {
 public:
  static absl::StatusOr<ScopeView> Of(const GroupTable& groups);

  // The selected groups, ascending; places below are places in it.
  const std::vector<SourceId>& selected() const { return selected_; }

  // The selected groups that a user is in, ascending, whatever becomes of it.
  void GroupsOf(const store::StoredUser& user,
                std::vector<uint32_t>& places) const;
  // The same for the members of one group, by its number; none for a number
  // that was not there yet.
  std::vector<uint32_t> GroupsAbove(uint32_t number) const;

 private:
  ScopeView(std::vector<SourceId> selected, GroupClosure closure,
            uint32_t group_count)
      : selected_(std::move(selected)),
        closure_(std::move(closure)),
        group_count_(group_count) {}

  std::vector<SourceId> selected_;
  GroupClosure closure_;
  uint32_t group_count_;
};

// Adds, or with -1 takes away, what one user contributes to the counts.
// `selected` says whether it is in a selected group. An object that cannot be
// read is a warning.
void CountUser(const store::StoredUser& user, bool selected, int64_t by,
               store::StoredCounts& counts);

// The same of a group.
void CountGroup(const store::StoredGroup& group, int64_t by,
                store::StoredCounts& counts);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_SCOPE_VIEW_H_
