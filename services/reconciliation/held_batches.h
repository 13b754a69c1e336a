// Keeps the batches that the guard holds: one danger of one directory is one
// batch, from the first time it is held until it is approved or dissolves.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_HELD_BATCHES_H_
#define ROLLCALL_SERVICES_RECONCILIATION_HELD_BATCHES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "services/reconciliation/guard.h"
#include "services/reconciliation/held_batch_name.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_work.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

absl::StatusOr<bool> HoldsAnything(const IdentityStore& store,
                                   const DirectoryName& directory);

absl::StatusOr<absl::optional<v1::HeldBatch>> FindBatch(
    const rollcall::store::Reader& reader, const HeldBatchName& name);

// Pages, in the order of ids.
absl::StatusOr<std::vector<v1::HeldBatch>> ListBatches(
    const IdentityStore& store, const DirectoryName& directory,
    const std::string& after_id, int limit);

// A user's part of a batch that is held.
struct HeldUser {
  std::string source_id;
  store::WithheldRow row;
};
absl::StatusOr<std::vector<HeldUser>> ListHeldUsers(
    const IdentityStore& store, const DirectoryName& directory, int danger,
    const std::string& after_source_id, int limit);

// Opens the batch of a danger, or goes on with the one that is open. Answers
// its name.
absl::StatusOr<std::string> HoldBatch(const GuardFact& fact,
                                      const RunEngineOptions& options,
                                      const RunWork& work,
                                      Transaction& transaction);

// After a run has said what it holds, or a sync of one user what it does not: a
// batch with nothing in it dissolves, but one that another run is about to
// fill. `knows_all`: what an earlier run has held and this one has not, is held
// no more.
absl::Status SettleBatches(bool knows_all, const RunEngineOptions& options,
                           const RunWork& work);

// Marks that the run of an approved batch has ended. If it could not do its
// work, what is left is held again.
absl::Status CloseApproved(bool applied, absl::Time now, const RunWork& work,
                           Transaction& transaction);

// Of a directory that is deleted (A9) nothing is held any more. The held rows
// are left to the caller: they may be more than fit into a transaction.
absl::Status DissolveBatches(const DirectoryName& directory, absl::Time now,
                             Transaction& transaction);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_HELD_BATCHES_H_
