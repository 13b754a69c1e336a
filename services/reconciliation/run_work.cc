#include "services/reconciliation/run_work.h"

#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"

namespace rollcall::reconciliation {

void SaveProgress(const RunWork& work, Transaction& transaction) {
  store::RunRow row;
  *row.mutable_run() = work.run;
  transaction.Put(keys::Run(work.directory(), work.name.id()), row);
  transaction.Put(keys::Place(work.directory(), work.name.id()), work.place);
}

v1::ChangeEvent MakeEvent(const RunWork& work, absl::Time now,
                          const std::string& rule) {
  v1::ChangeEvent event;
  *event.mutable_commit_time() = ToTimestamp(now);
  event.set_run(work.run.name());
  event.set_rule(rule);
  return event;
}

}  // namespace rollcall::reconciliation
