#include "services/reconciliation/run_work.h"

#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"

namespace rollcall::reconciliation {

void EnterNextPhase(RunWork& work) {
  const RunPlace place = NextPhase(PlaceOf(work.place));
  SetPlace(place, &work.place);
  // The phases of the contract are those of the place, and one for "none".
  work.run.set_phase(
      static_cast<v1::Run::Phase>(static_cast<int>(place.phase) + 1));
}

void SetProgress(int64_t done, int64_t total, RunWork& work) {
  work.run.mutable_progress()->set_done(done);
  work.run.mutable_progress()->set_total(total);
}

void AddProblem(const Problem& problem, RunWork& work) {
  v1::RunProblem& added = *work.run.add_problems();
  added.set_reason(problem.reason);
  added.set_message(problem.message);
}

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
