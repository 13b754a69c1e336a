// The small steps that the phases of a run have in common.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_STEPS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_STEPS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_work.h"

namespace rollcall::reconciliation {

// What is stored of a run. NOT_FOUND, reason RUN_NOT_FOUND.
absl::StatusOr<RunWork> LoadRun(const RunName& name, IdentityStore& store);

// Makes the rules of the run anew: from its scope, and from the groups that its
// directory has by now.
absl::Status LoadRules(IdentityStore& store, RunWork& work);

absl::StatusOr<std::unique_ptr<Transaction>> Begin(
    const RunEngineOptions& options, const RunWork& work);

// Whether somebody has asked for the run's end.
absl::StatusOr<bool> IsCancelled(const RunEngineOptions& options,
                                 const RunWork& work);

// Whether a batch is to be committed before anything is added to it.
bool IsFull(const RunEngineOptions& options, const Transaction& transaction);

// Tells the watchers how far the run is.
void Show(const RunEngineOptions& options, const RunWork& work);

// Commits that a phase is over; `next_total` is what the next one has to do.
absl::Status EndPhase(const RunEngineOptions& options, int64_t next_total,
                      RunWork& work);

// Deletes what earlier attempts, and runs that failed, have withheld in this
// directory; not the rows whose keys begin with `kept`.
absl::Status DropWithheld(const RunEngineOptions& options,
                          const absl::optional<std::string>& kept,
                          const RunWork& work);

// Deletes all rows of the account in a range, batch by batch.
absl::Status DropRows(const RunEngineOptions& options,
                      const rollcall::store::KeyRange& range,
                      const RunWork& work);

// A reading of the directory is over: from here on it is applied (R80).
absl::Status CountReading(const std::string& directory,
                          Transaction& transaction);

// Adds to what the directory's runs have taken within a day (B2).
absl::Status SaveTaken(const Taken& taken, absl::Time now,
                       const std::string& directory, Transaction& transaction);

// Adds to it the groups that the run has emptied by now, of those that it was
// let to.
absl::Status SaveEmptied(absl::Time now, const RunWork& work,
                         Transaction& transaction);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_STEPS_H_
