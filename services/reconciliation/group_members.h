// Walks over the members of a group while a run changes them.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_GROUP_MEMBERS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_GROUP_MEMBERS_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_work.h"
#include "services/reconciliation/transaction.h"
#include "services/reconciliation/user_sync.h"

namespace rollcall::reconciliation {

// Hands over each member, in batches: what `visit` writes is committed with the
// run's place and what it has taken (B2). Done twice it is the same, if `visit`
// is.
absl::Status VisitMembers(
    const std::string& group,
    const std::function<absl::Status(const UserRecord&, UserSync&,
                                     Transaction&)>& visit,
    const RunEngineOptions& options, RunWork& work);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_GROUP_MEMBERS_H_
