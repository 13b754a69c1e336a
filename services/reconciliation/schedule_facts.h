// What the schedule of a directory goes by: what its runs have handed on, and
// how it is configured.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_SCHEDULE_FACTS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_SCHEDULE_FACTS_H_

#include "rollcall/directory/v1/directory.pb.h"
#include "services/reconciliation/schedule.h"
#include "services/reconciliation/store.pb.h"

namespace rollcall::reconciliation {

// Whether anything is read without being asked for (R9, A10).
bool IsScheduled(const directory::v1::Directory& directory);

ScheduleFacts ScheduleFactsOf(const store::DirectoryRow& row,
                              const directory::v1::Directory& directory);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_SCHEDULE_FACTS_H_
