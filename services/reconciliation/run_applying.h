// Compares what the stream says with what is stored, and applies it, in batches
// that hold the run's place.
//
// A full stream is walked beside the index of the directory's users, both in
// the order of source ids: a merge join, whose memory does not grow with the
// directory. A stream of changes is looked up user by user.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_APPLYING_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_APPLYING_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_work.h"
#include "services/reconciliation/user_diff.h"
#include "services/reconciliation/user_sync.h"

namespace rollcall::reconciliation {

// One user of the stream.
struct StreamedUser {
  DesiredUser user;
  bool gone = false;  // Only the source id is known.
};

// One thread; one stream.
class RunApplying {
 public:
  // Both must outlive this.
  RunApplying(const RunEngineOptions& options, RunWork& work)
      : options_(options), work_(work) {}
  ~RunApplying();

  RunApplying(const RunApplying&) = delete;
  RunApplying& operator=(const RunApplying&) = delete;

  // From the run's place up to the last of `users`, or to the end.
  absl::Status Apply(const std::vector<StreamedUser>& users, bool to_end);

 private:
  absl::StatusOr<bool> ApplyBatch(const std::vector<StreamedUser>& users,
                                  bool to_end, size_t* next);
  absl::StatusOr<bool> Join(const std::vector<StreamedUser>& users, bool to_end,
                            size_t* next, UserSync& sync,
                            const Transaction& transaction);
  absl::StatusOr<bool> LookUp(const std::vector<StreamedUser>& users,
                              size_t* next, UserSync& sync,
                              const Transaction& transaction);

  const RunEngineOptions& options_;
  RunWork& work_;
  // Batches whose progress is in memory only, because they changed nothing.
  size_t uncommitted_batches_ = 0;
  bool remembers_usernames_ = false;
  size_t last_row_count_ = 0;  // Of the last batch; the next is like it.
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_APPLYING_H_
