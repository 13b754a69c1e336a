// Reads everything that a directory selects, and writes it into the mirror,
// ready to be sealed.
#ifndef ROLLCALL_SERVICES_DIRECTORY_FULL_READ_H_
#define ROLLCALL_SERVICES_DIRECTORY_FULL_READ_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "services/directory/graph_client.h"
#include "services/directory/group_reader.h"
#include "services/directory/membership_index.h"
#include "services/directory/read_counters.h"
#include "services/directory/read_limits.h"
#include "services/directory/read_store.h"
#include "services/directory/source_id.h"
#include "services/directory/store.pb.h"
#include "services/directory/user_reader.h"
#include "services/directory/work_crew.h"

namespace rollcall::directory {

struct FullReadOptions {
  // Requests at once, 2 at least: one of them lists all users. 4 to 8 are good
  // manners.
  int parallelism = 8;
  UserSource user_source = UserSource::kBySize;
  ReadLimits limits;
};

struct FullReadProgress {
  int64_t objects_read = 0;
  int64_t objects_expected = 0;  // 0 while it is not known.
  int64_t requests = 0;
};

// A token for one tenant must never fill another one's mirror.
// FAILED_PRECONDITION, reason TENANT_MISMATCH.
absl::Status CheckTenant(GraphSession& graph);

// How many users the tenant has, from an index that lags: good for deciding how
// to read them. None if it does not say.
absl::StatusOr<absl::optional<int64_t>> CountTenantUsers(GraphSession& graph);

// One read. Its methods are called once each, in their order, on one thread.
//
// An error means that nothing useful was read: the token or a permission is
// refused, Graph is down, or the caller has gone. Other trouble costs
// completeness.
class FullRead {
 public:
  // All must outlive the read. What else is asked of the crew is done beside
  // the reading. `report` is called on the methods' thread, now and then.
  FullRead(GraphSession& graph, ReadWriter& writer, WorkCrew& crew,
           const FullReadOptions& options, absl::optional<int64_t> tenant_users,
           std::function<void(const FullReadProgress&)> report);

  // Gives the ids of all groups that lead to a selected one, ascending.
  absl::StatusOr<std::vector<SourceId>> ReadGroups();
  absl::Status ReadUsers();
  // Gives the header to seal the read with, proof and counts included;
  // everything else is written by then. A read that is not complete says why.
  absl::StatusOr<store::StoredRead> Write();

 private:
  void Report();

  GraphSession& graph_;
  ReadWriter& writer_;
  WorkCrew& crew_;
  const ReadLimits limits_;
  const std::function<void(const FullReadProgress&)> report_;
  ReadCounters counters_;
  GroupsRead groups_;
  MembershipIndex scope_;
  UserReader users_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_FULL_READ_H_
