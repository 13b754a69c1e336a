// Sees to it that a full read misses nothing that changes while it is under
// way: takes links before anything is read, and folds what they tell at the
// end.
#ifndef ROLLCALL_SERVICES_DIRECTORY_CATCHING_UP_H_
#define ROLLCALL_SERVICES_DIRECTORY_CATCHING_UP_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/directory/delta_round.h"
#include "services/directory/graph_client.h"
#include "services/directory/read_limits.h"
#include "services/directory/read_store.h"
#include "services/directory/source_id.h"
#include "services/directory/store.pb.h"
#include "services/directory/work_crew.h"

namespace rollcall::directory {

// One full read's; its methods are called once each, in their order, on one
// thread at a time.
//
// An error ends the read. Trouble that only means that changes cannot be
// followed does not: the permission to do so is another one than to read.
class CatchingUp {
 public:
  // All must outlive it.
  CatchingUp(GraphSession& graph, WorkCrew& crew, const ReadLimits& limits)
      : graph_(graph), crew_(crew), limits_(limits) {}

  // Before anything is read; done when the crew is idle. The links of all users
  // and all groups.
  void TakeFirstLinks(bool with_phones);

  // When the groups were read; done when the crew is idle. The links to be
  // kept: of these groups, and of deleted ones, which may come back.
  void TakeGroupLinks(std::vector<SourceId> groups);

  // When everything was read: what the first links tell. Uses the crew.
  absl::Status Follow();

  // When everything is written: folds it into the rows of `writer` and into
  // `mirror`, and gives the links that go on from there. None if changes cannot
  // be followed: see trouble().
  absl::StatusOr<std::vector<ChangeLink>> Fold(const ReadWriter& writer,
                                               store::StoredMirror& mirror);

  absl::Status trouble() const;

 private:
  // Remembers trouble that the read can bear, and gives what it cannot.
  absl::Status Bear(const absl::Status& status);
  absl::Status SliceLinks(const std::vector<SourceId>& groups);
  absl::Status TryFollow();
  absl::StatusOr<std::vector<ChangeLink>> TryFold(const ReadWriter& writer,
                                                  store::StoredMirror& mirror);

  GraphSession& graph_;
  WorkCrew& crew_;
  const ReadLimits limits_;
  // Each written by one task, and read when the crew is idle.
  ChangeLink users_{.users = true};
  ChangeLink all_groups_;
  std::vector<ChangeLink> groups_;
  absl::flat_hash_set<SourceId> watched_;  // They are of these groups.
  FollowedLinks followed_;

  mutable absl::Mutex mutex_;
  absl::Status trouble_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_CATCHING_UP_H_
