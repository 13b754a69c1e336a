// Removes the rows of reads that nobody needs any more, a bounded batch at a
// time.
#ifndef ROLLCALL_SERVICES_DIRECTORY_WORKER_H_
#define ROLLCALL_SERVICES_DIRECTORY_WORKER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/store/store.h"
#include "common/time/periodic_worker.h"
#include "services/directory/read_store.h"

namespace rollcall::directory {

// One thread.
class ReadSweeper {
 public:
  // `store` must outlive the sweeper.
  explicit ReadSweeper(rollcall::store::Store& store)
      : store_(store), reads_(store) {}

  // One unit of work: one batch of one account; accounts in turn.
  absl::StatusOr<Pace> RunOnce(absl::Time now);

 private:
  rollcall::store::Store& store_;
  ReadStore reads_;
  std::string account_;  // The one that is being swept; empty: from the first.
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_WORKER_H_
