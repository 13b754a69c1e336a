// Verifies the mirrors of all directories in turn (B6), and keeps their change
// logs short.
#ifndef ROLLCALL_SERVICES_DIRECTORY_AUDITOR_H_
#define ROLLCALL_SERVICES_DIRECTORY_AUDITOR_H_

#include <atomic>
#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "common/time/periodic_worker.h"
#include "services/directory/mirror_keeper.h"
#include "services/directory/store.h"

namespace rollcall::directory {

// One thread, but for Stop.
class MirrorAuditor {
 public:
  // Both must outlive the auditor.
  MirrorAuditor(rollcall::store::Store& store, MirrorKeeper& keeper)
      : directories_(store), keeper_(keeper) {}

  // One unit of work: one slice of one directory, if it is due; directories in
  // turn. Whoever is behind has several turns before the rest. Trouble with one
  // does not keep the others waiting, and is left alone for a while.
  absl::StatusOr<Pace> RunOnce(absl::Time now);

  // What is under way ends with the request that it waits for.
  void Stop() { stopping_ = true; }

 private:
  struct Turn {
    DirectoryName name;
    int slices = 0;  // That were taken since the last rest.
  };

  absl::Status ListDirectories();
  absl::StatusOr<bool> Audit(const Turn& turn, absl::Time now);

  DirectoryStore directories_;
  MirrorKeeper& keeper_;
  std::deque<Turn> waiting_;
  absl::flat_hash_map<std::string, absl::Time> failed_;  // Directories, when.
  std::atomic<bool> stopping_{false};
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_AUDITOR_H_
