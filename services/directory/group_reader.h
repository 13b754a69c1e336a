// Reads the member lists of the selected groups and of everything nested in
// them, several at once; each group once, whatever the nesting (R23, R26).
#ifndef ROLLCALL_SERVICES_DIRECTORY_GROUP_READER_H_
#define ROLLCALL_SERVICES_DIRECTORY_GROUP_READER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/directory/completeness.h"
#include "services/directory/graph_client.h"
#include "services/directory/member_list.h"
#include "services/directory/membership_index.h"
#include "services/directory/read_limits.h"
#include "services/directory/read_store.h"
#include "services/directory/source_objects.h"
#include "services/directory/work_crew.h"

namespace rollcall::directory {

// A group, as far as it could be read.
struct GroupRecord {
  GroupEvidence evidence;
  std::string display_name;
  std::string description;
  std::vector<SourceId> inner_groups;
};

struct GroupsRead {
  std::vector<GroupRecord> groups;  // The numbers below are places in it.
  std::vector<DirectMembership> memberships;  // Of users.
  std::vector<SourceMember> others;  // Neither users nor groups, each once.
};

// One use. The members of each group are written as soon as its list is
// closed.
class GroupReader {
 public:
  // All must outlive the reader. `on_members` is told how many more members
  // have been seen, by any thread.
  GroupReader(GraphSession& graph, ReadWriter& writer, WorkCrew& crew,
              const ReadLimits& limits, std::function<void(int64_t)> on_members)
      : graph_(graph),
        writer_(writer),
        crew_(crew),
        limits_(limits),
        on_members_(std::move(on_members)) {}

  // An error ends the read; trouble with a single group is in its evidence.
  // RESOURCE_EXHAUSTED, reason DIRECTORY_TOO_LARGE, past the limits.
  absl::StatusOr<GroupsRead> Read(const std::vector<SourceId>& selected,
                                  const std::function<void()>& tick);

 private:
  void Discover(const SourceId& group, bool selected)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status ReadGroup(uint32_t number, const SourceId& id);
  absl::Status Record(uint32_t number, const absl::Status& chain,
                      MemberList list);
  absl::Status DescribeGroups(const std::vector<uint32_t>& numbers);

  GraphSession& graph_;
  ReadWriter& writer_;
  WorkCrew& crew_;
  const ReadLimits limits_;
  const std::function<void(int64_t)> on_members_;

  absl::Mutex mutex_;
  GroupsRead read_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<SourceId, uint32_t> numbers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_GROUP_READER_H_
