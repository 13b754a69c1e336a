// What one run holds in memory while it is carried out: everything of it is in
// the store too, as of the last commit. Does not grow with the directory.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_WORK_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_WORK_H_

#include <cstdint>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/guard.h"
#include "services/reconciliation/run_state.h"
#include "services/reconciliation/store.pb.h"
#include "services/reconciliation/taken_tally.h"
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
  // The sync has its proof already, and takes and gives in one (R80, B2).
  bool at_once = false;
  // The run says on an overlay what it would do (B1); it has no effect.
  bool is_rehearsal = false;
  // What this batch takes that nobody has approved (B2).
  Taken taken;
  // Whether the guard holds anything of this directory: then what a sync does
  // to a user makes what is held of it void.
  bool has_held = false;
  // Whether anything was decided at the desk about the directory's users (B10).
  bool has_decisions = false;
  // What the directory has answered when it failed the run; OK: it has not. A
  // phase that ends early for it returns OK: the store is fine.
  absl::Status source_error;

  const std::string& directory() const { return name.directory().id(); }
  const std::string& account() const { return name.account().id(); }
  bool IsHeld(Danger danger) const {
    return absl::c_linear_search(scope.held_dangers(),
                                 static_cast<int>(danger));
  }
  v1::RunCounters& counters() { return *run.mutable_counters(); }
};

void EnterNextPhase(RunWork& work);
void SetProgress(int64_t done, int64_t total, RunWork& work);
void AddProblem(const Problem& problem, RunWork& work);

// Puts the run and its place into the transaction that moves them.
void SaveProgress(const RunWork& work, Transaction& transaction);

// An event of this run, without its change.
v1::ChangeEvent MakeEvent(const RunWork& work, absl::Time now,
                          const std::string& rule);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_WORK_H_
