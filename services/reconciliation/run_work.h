// What one run holds in memory while it is carried out: everything of it is in
// the store too, as of the last commit. Does not grow with the directory.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_WORK_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_WORK_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/store.pb.h"
#include "services/reconciliation/transaction.h"
#include "services/reconciliation/user_diff.h"

namespace rollcall::reconciliation {

// One thread. After a failed commit it is ahead of the store: drop it, and load
// the run anew.
struct RunWork {
  RunName name;
  v1::Run run;
  store::RunningRow running;
  store::PlaceRow place;
  store::ScopeRow scope;
  SyncRules rules;
  // Our ids of the directory's groups, by source id.
  absl::flat_hash_map<std::string, std::string> group_ids;

  const std::string& directory() const { return name.directory().id(); }
  const std::string& account() const { return name.account().id(); }
  v1::RunCounters& counters() { return *run.mutable_counters(); }
};

// Puts the run and its place into the transaction that moves them.
void SaveProgress(const RunWork& work, Transaction& transaction);

// An event of this run, without its change.
v1::ChangeEvent MakeEvent(const RunWork& work, absl::Time now,
                          const std::string& rule);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_WORK_H_
