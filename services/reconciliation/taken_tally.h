// How much runs of a directory have taken within a day without anybody having
// approved it: many small steps are one large one (B2).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_TAKEN_TALLY_H_
#define ROLLCALL_SERVICES_RECONCILIATION_TAKEN_TALLY_H_

#include <cstdint>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "services/reconciliation/guard.h"
#include "services/reconciliation/model.h"
#include "services/reconciliation/store.pb.h"

namespace rollcall::reconciliation {

using Taken = absl::btree_map<Danger, int64_t>;

// Adds what a change of a user takes from whoever could authenticate before.
void CountTaken(const User& before, const User& after, Taken* taken);

// Adds to the hour of `now`, and forgets what is a day old. A clock that was
// set back forgets nothing.
void AddTaken(const Taken& taken, absl::Time now, store::DirectoryRow* row);

// The sum of the last 24 hours, the one that has begun among them.
int64_t TakenWithinADay(const store::DirectoryRow& row, Danger danger,
                        absl::Time now);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_TAKEN_TALLY_H_
