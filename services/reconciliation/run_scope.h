// What a reading covers and under which options, from the configuration of its
// directory.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_SCOPE_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_SCOPE_H_

#include <string>
#include <vector>

#include "rollcall/directory/v1/directory.pb.h"
#include "services/reconciliation/group_diff.h"
#include "services/reconciliation/guard.h"
#include "services/reconciliation/store.pb.h"

namespace rollcall::reconciliation {

store::ScopeRow ScopeOf(const directory::v1::Directory& directory);

// A limit that the directory does not have is the default (B2).
Limit LimitOf(const store::ScopeRow& scope, Danger danger);

// Names what the options and the groups look like: two readings of one shape
// differ in their users at most.
std::string ShapeOf(const store::ScopeRow& scope,
                    const std::vector<DesiredGroup>& groups);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_SCOPE_H_
