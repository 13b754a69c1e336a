// Starts runs, at most one per directory at a time (R69), and remembers for a
// day which request has got which run (AIP-155).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_REQUESTS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_REQUESTS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/held_batch_name.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

// How long a request id is remembered.
inline constexpr absl::Duration kRequestRetention = absl::Hours(24);

struct RunRequest {
  v1::Run::Kind kind = v1::Run::FULL;  // FULL or CHANGES.
  std::string request_id;              // Empty: none.
  std::string read_id;                 // The reading to go on with, if any.
  bool plan_only = false;              // Only FULL (B1).
  bool assumes_normalization = false;  // Only plans (B10).
  // The daily instant that this run serves (R68).
  absl::optional<absl::Time> slot;
};

// A plan is no answer to who asks for a sync, nor the other way round, nor one
// plan to who asks for another: FAILED_PRECONDITION, reason RUN_UNDER_WAY.
absl::Status CheckAnswer(const v1::Run& answer, const RunRequest& request);

// The run that a request is answered with without starting one: the one that
// the same request has got before, or the one that is running (R69). None: a
// run may start. In the second case the request id is remembered too, and a
// full sync that was asked for during another kind of run comes next (R66).
// Errors are those of CheckAnswer.
absl::StatusOr<absl::optional<v1::Run>> FindAnswer(
    const DirectoryName& directory, const RunRequest& request, absl::Time now,
    IdentityStore& store);

// Starts a run, unless FindAnswer has an answer by now. ALREADY_EXISTS, reason
// RUN_EXISTS, if the id is taken. Changes of a directory that was never read
// are all there is: the run is a full one.
absl::StatusOr<v1::Run> StartRun(const RunName& name, const RunRequest& request,
                                 absl::Time now, IdentityStore& store);

// Marks that a run is to end; answers it. NOT_FOUND, reason RUN_NOT_FOUND.
absl::StatusOr<v1::Run> RequestCancel(const RunName& name,
                                      IdentityStore& store);

// Approves a batch and starts its run (B2); `scope` is what the directory is
// configured to now, `change_count` what the approver has looked at (0: did
// not).
struct Approval {
  HeldBatchName batch;
  std::string approver;
  int64_t change_count = 0;
  store::ScopeRow scope;
};
absl::StatusOr<v1::Run> StartApproved(const Approval& approval,
                                      const std::string& run_id, absl::Time now,
                                      IdentityStore& store);

// The run of a kind that begins without a reading, as it starts.
v1::Run NewRun(const RunName& name, v1::Run::Kind kind, absl::Time now);

// FAILED_PRECONDITION, reason RUN_UNDER_WAY, if another run of the directory
// is; ALREADY_EXISTS, reason RUN_EXISTS, if the id is taken.
absl::Status CheckMayStart(const RunName& name, const Transaction& transaction);

// Puts the run that nothing else of its directory may run beside.
// `full_was_due`: everything was to be read anew before it began.
void PutRunning(const RunName& name, Transaction& transaction,
                bool full_was_due = false);

// Puts a run that is new with what leads to it, and forgets some of the old
// ones: those of changes and of single users are kept for 30 days.
absl::Status PutNewRun(const RunName& name, const v1::Run& run, absl::Time now,
                       Transaction& transaction);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_REQUESTS_H_
