// Counts what a run does to users, each user once: the user's row remembers
// what this run has already done, so that a second reading of the same run adds
// to it instead of counting anew.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USER_MARKS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USER_MARKS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/store.pb.h"
#include "services/reconciliation/user_diff.h"

namespace rollcall::reconciliation {

// What `run` has done to a user after `decision`. `before` is the mark that the
// row has, of this run or of an older one.
store::UserMarkRow Marked(const store::UserMarkRow& before,
                          absl::string_view run, const UserDecision& decision,
                          int64_t memberships_added,
                          int64_t memberships_removed);

// Adds a user who was seen to the counters, by what the run has done to him.
void CountSeen(const store::UserMarkRow& mark, v1::RunCounters* counters);

// Only what was done to him: he has been counted as seen already.
void CountChanges(const store::UserMarkRow& mark, v1::RunCounters* counters);

// Adds to one counter.
void Add(int64_t by, int64_t (v1::RunCounters::*get)() const,
         void (v1::RunCounters::*set)(int64_t), v1::RunCounters* counters);

// How many of `first` are not in `second`; both in order.
int64_t CountOnlyInFirst(const std::vector<std::string>& first,
                         const std::vector<std::string>& second);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USER_MARKS_H_
