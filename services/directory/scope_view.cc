#include "services/directory/scope_view.h"

#include <utility>

#include "absl/types/span.h"
#include "common/status/status_macros.h"
#include "services/directory/graph_limits.h"
#include "services/directory/user_row.h"

namespace rollcall::directory {
namespace {

using store::StoredCounts;
using store::StoredUser;

using Counters = google::protobuf::Map<std::string, int64_t>;

void Add(const std::string& name, int64_t by, Counters& counters) {
  int64_t& count = counters[name];
  count += by;
  if (count == 0) counters.erase(name);
}

}  // namespace

absl::StatusOr<ScopeView> ScopeView::Of(const GroupTable& groups) {
  ASSIGN_OR_RETURN(const GroupGraph graph, groups.Graph());
  return ScopeView(groups.Selected(), GroupClosure(graph), graph.group_count);
}

void ScopeView::GroupsOf(const StoredUser& user,
                         std::vector<uint32_t>& places) const {
  const auto& numbers = user.direct_groups();
  // Ascending; a number past the last group would be damage.
  int count = numbers.size();
  while (count > 0 && numbers.Get(count - 1) >= group_count_) --count;
  closure_.SelectedGroupsOf(
      absl::MakeConstSpan(numbers.data(), static_cast<size_t>(count)), places);
}

std::vector<uint32_t> ScopeView::GroupsAbove(uint32_t number) const {
  std::vector<uint32_t> places;
  if (number < group_count_) closure_.SelectedGroupsOf({number}, places);
  return places;
}

void CountUser(const StoredUser& user, bool selected, int64_t by,
               StoredCounts& counts) {
  if (!selected) return;
  switch (user.presence()) {
    case StoredUser::PRESENT:
      counts.set_users(counts.users() + by);
      if (IsHidden(user)) counts.set_hidden(counts.hidden() + by);
      for (const std::string& warning : user.warnings()) {
        Add(warning, by, *counts.mutable_warnings());
      }
      if (IsUnreadable(user.skip_reason())) {
        Add(user.skip_reason(), by, *counts.mutable_warnings());
      }
      return;
    case StoredUser::ABSENT:
      Add("DANGLING", by, *counts.mutable_ignored_members());
      return;
    case StoredUser::EXCLUDED:
      Add("GUEST", by, *counts.mutable_ignored_members());
      return;
    default:
      counts.set_unread(counts.unread() + by);
  }
}

void CountGroup(const store::StoredGroup& group, int64_t by,
                StoredCounts& counts) {
  if (group.skip_reason().empty()) return;
  Add(WarningOfGroup(group.skip_reason()), by, *counts.mutable_warnings());
}

}  // namespace rollcall::directory
