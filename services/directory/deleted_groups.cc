#include "services/directory/deleted_groups.h"

#include <algorithm>

#include "absl/status/status.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "services/directory/graph_page.h"
#include "services/directory/page_walk.h"

namespace rollcall::directory {

absl::StatusOr<std::vector<SourceId>> ListDeletedGroups(GraphSession& graph,
                                                        size_t most) {
  std::vector<SourceId> ids;
  const absl::Status walked = WalkPages<SourceGroup>(
      graph,
      {.path = "/v1.0/directory/deletedItems/microsoft.graph.group?$select=id",
       .parse = ParseGroupPage,
       .begin = [&ids] { ids.clear(); },
       .take =
           [&ids](const Page<SourceGroup>& page) {
             for (const SourceGroup& group : page.items) {
               ids.push_back(group.id);
             }
             return absl::OkStatus();
           }});
  if (ReasonOf(walked) == "GRAPH_FORBIDDEN") {
    LogWarning("deleted_groups_not_followed", {{"status", walked}});
    return std::vector<SourceId>();
  }
  if (!walked.ok()) return walked;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.size() > most) {
    LogWarning("deleted_groups_not_followed",
               {{"groups", static_cast<int64_t>(ids.size())}});
    ids.resize(most);
  }
  return ids;
}

}  // namespace rollcall::directory
