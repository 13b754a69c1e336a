// Gives the names that users wait for: the source may have given one user's
// name to another one or to somebody new, or swapped the names of two (A3,
// R33).
//
// Whoever would have to wait for ever keeps the name that he has, or is not
// created (A4). Of two who want one name only the first one waits, who is the
// one of the smaller source id. Each user's wait ends in one batch with his
// renaming or creation; killed, it goes on behind it.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_NAMING_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_NAMING_H_

#include "absl/status/status.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_work.h"

namespace rollcall::reconciliation {

// Before anything is taken away: names are given without proof of completeness.
// An error is the store's.
absl::Status SettleNames(const RunEngineOptions& options, RunWork& work);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_NAMING_H_
