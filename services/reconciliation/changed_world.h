// A directory after its first sync and a lot of changes: the next run does
// everything that a run can do. For tests.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_CHANGED_WORLD_H_
#define ROLLCALL_SERVICES_RECONCILIATION_CHANGED_WORLD_H_

#include <memory>
#include <string>

#include "services/reconciliation/model.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {

// A user whom nobody manages.
User Manual(const std::string& id, const std::string& username);

std::unique_ptr<World> ChangedWorld();

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_CHANGED_WORLD_H_
