#include "services/reconciliation/plan_applying.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/log/log.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "services/reconciliation/collision_desk.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/pins.h"
#include "services/reconciliation/plan_keys.h"
#include "services/reconciliation/plan_moves.h"
#include "services/reconciliation/plan_objects.h"
#include "services/reconciliation/plan_overlay.h"
#include "services/reconciliation/plan_rows.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_ending.h"
#include "services/reconciliation/run_steps.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::KeyRange;

// Objects that are read together; fewer if the batch is full before.
constexpr int kObjectsPerBatch = 500;

// One application. One thread, one use.
class Application {
 public:
  Application(const RunEngineOptions& options, RunName plan_name,
              store::PlanRow plan, RunWork& work)
      : options_(options),
        plan_name_(std::move(plan_name)),
        plan_(std::move(plan)),
        work_(work),
        overlay_(options.store.plans(), options.store.rows(), work.account(),
                 plan_keys::Partition(plan_name_)) {}

  absl::Status Run() {
    if (phase() == RunPhase::kReading) {
      ASSIGN_OR_RETURN(const bool cancelled, IsCancelled(options_, work_));
      if (cancelled) return FinishRun(v1::Run::CANCELLED, options_, work_);
      RETURN_IF_ERROR(AskSource());
    }
    if (phase() == RunPhase::kApplying) RETURN_IF_ERROR(CompareTarget());
    if (phase() == RunPhase::kRemoving) RETURN_IF_ERROR(WriteObjects());
    if (phase() == RunPhase::kReleasing) RETURN_IF_ERROR(Finish());
    return absl::OkStatus();
  }

 private:
  RunPhase phase() const { return PlaceOf(work_.place).phase; }

  absl::StatusOr<std::unique_ptr<Transaction>> BeginInside() {
    ASSIGN_OR_RETURN(auto transaction, Begin(options_, work_));
    transaction->PassGate(work_.run.name());
    return transaction;
  }

  // Ends the run, with nothing done.
  absl::Status Refuse(Problem problem) {
    LogWarning("plan_refused", {{"run", work_.run.name()},
                                {"plan", work_.run.plan()},
                                {"reason", problem.reason}});
    AddProblem(problem, work_);
    SetPlace({.phase = RunPhase::kEnded}, &work_.place);
    return FinishRun(v1::Run::FAILED, options_, work_);
  }

  absl::Status AskSource() {
    std::vector<Group> groups;
    ASSIGN_OR_RETURN(const std::vector<GroupRecord> records,
                     IdentityReader(overlay_, work_.account())
                         .GroupsOfDirectory(work_.directory()));
    for (const GroupRecord& record : records) groups.push_back(record.group);
    const absl::StatusOr<SourceCheck> check =
        CheckSource(work_.name.directory(), plan_, groups, options_.directory);
    if (!check.ok()) {
      work_.source_error = check.status();
      return absl::OkStatus();
    }
    if (!check->moves.empty()) {
      return Refuse({"PLAN_SOURCE_MOVED",
                     absl::StrCat("The source has moved since the plan: ",
                                  check->moves.ToString(), ". Plan anew.")});
    }
    if (!check->complete) {
      return Refuse({"PLAN_SOURCE_UNPROVEN",
                     "The source could not say completely whether it has "
                     "moved since the plan. Apply it again, or plan anew."});
    }
    *work_.run.mutable_read_time() = ToTimestamp(check->read_time);
    work_.scope = plan_.scope();
    work_.place.set_next_change_cursor(check->next_cursor);
    work_.place.set_needs_full(plan_.needs_full());
    work_.place.set_complete(true);
    EnterNextPhase(work_);
    SetProgress(0, plan_.change_count(), work_);
    ASSIGN_OR_RETURN(auto transaction, Begin(options_, work_));
    RETURN_IF_ERROR(transaction->CloseGate(work_.run.name()));
    RETURN_IF_ERROR(CountReading(work_.directory(), *transaction));
    SaveProgress(work_, *transaction);
    transaction->Put(keys::Scope(work_.directory(), work_.name.id()),
                     work_.scope);
    return transaction->Commit();
  }

  absl::Status CompareTarget() {
    ASSIGN_OR_RETURN(Moves moves,
                     CheckTarget(plan_name_, options_.store.rows()));
    ASSIGN_OR_RETURN(
        const std::string decisions,
        DigestOfDecisions(options_.store.rows(), work_.name.directory()));
    if (decisions != plan_.decisions_digest()) {
      moves.Add("what is decided about collisions");
    }
    if (moves.empty()) {
      return EndPhase(options_, plan_.change_count(), work_);
    }
    return Refuse({"PLAN_TARGET_MOVED",
                   absl::StrCat("What the plan changes has moved since: ",
                                moves.ToString(), ". Plan anew.")});
  }

  absl::Status WriteObjects() {
    while (true) {
      if (options_.is_stopping()) return absl::OkStatus();
      ASSIGN_OR_RETURN(const std::vector<ListedChange> changes,
                       ListPlanned(plan_name_, last_key(), kObjectsPerBatch,
                                   options_.store.rows()));
      if (changes.empty()) break;
      RETURN_IF_ERROR(WriteSome(changes));
    }
    for (const char* table : {"held", "held_open", "held_rows"}) {
      RETURN_IF_ERROR(CopyHeld(table));
    }
    return EndPhase(options_, 0, work_);
  }

  absl::Status WriteSome(const std::vector<ListedChange>& changes) {
    ASSIGN_OR_RETURN(auto transaction, BeginInside());
    int64_t done = work_.run.progress().done();
    for (const ListedChange& change : changes) {
      if (IsFull(options_, *transaction)) break;
      RETURN_IF_ERROR(WritePlanned(change.row, options_.clock.TimeNow(), work_,
                                   *transaction));
      RETURN_IF_ERROR(SetLastKey(change.key));
      ++done;
    }
    SetProgress(done, plan_.change_count(), work_);
    SaveProgress(work_, *transaction);
    RETURN_IF_ERROR(transaction->Commit());
    transaction.reset();
    Show(options_, work_);
    return absl::OkStatus();
  }

  // The place in a row of text, which keys are not.
  std::string last_key() const {
    const std::string& through = work_.place.through();
    if (through.empty()) return "";
    return plan_keys::Planned(work_.place.withheld_done(), through);
  }
  absl::Status SetLastKey(const std::string& key) {
    int64_t sequence = 0;
    std::string id;
    RETURN_IF_ERROR(rollcall::store::KeyReader(key)
                        .Table("planned")
                        .Int64(&sequence)
                        .String(&id)
                        .Finish());
    work_.place.set_withheld_done(sequence);
    work_.place.set_through(id);
    return absl::OkStatus();
  }

  // What the guard would have held, it holds now. Done twice it is the same.
  absl::Status CopyHeld(const char* table) {
    std::string last = keys::Table(table);
    while (true) {
      ASSIGN_OR_RETURN(auto transaction, BeginInside());
      PlanOverlay::Changes changes(
          overlay_, KeyRange::PrefixAfter(keys::Table(table), last));
      while (!IsFull(options_, *transaction)) {
        ASSIGN_OR_RETURN(auto change, changes.Next());
        if (!change.has_value()) return transaction->Commit();
        last = change->key;
        if (change->value.has_value()) {
          transaction->PutBytes(std::move(change->key),
                                *std::move(change->value));
        } else {
          transaction->Delete(std::move(change->key));
        }
      }
      RETURN_IF_ERROR(transaction->Commit());
    }
  }

  absl::Status Finish() {
    RETURN_IF_ERROR(DropPins(options_, work_));
    const v1::Run& outcome = plan_.outcome();
    *work_.run.mutable_counters() = outcome.counters();
    *work_.run.mutable_problems() = outcome.problems();
    *work_.run.mutable_held_batches() = outcome.held_batches();
    return FinishRun(
        outcome.problems().empty() ? v1::Run::SUCCEEDED : v1::Run::PARTIAL,
        options_, work_);
  }

  const RunEngineOptions& options_;
  const RunName plan_name_;
  const store::PlanRow plan_;
  RunWork& work_;
  const PlanOverlay overlay_;
};

}  // namespace

absl::Status ApplyPlan(const RunEngineOptions& options, RunWork& work) {
  ASSIGN_OR_RETURN(const RunName name, RunName::Parse(work.run.plan()));
  ASSIGN_OR_RETURN(absl::optional<store::PlanRow> plan,
                   FindPlan(name, options.store.rows()));
  if (!plan.has_value()) {
    AddProblem({"PLAN_DROPPED",
                absl::StrCat("What ", name.ToString(),
                             " would do is not kept any more. Plan anew.")},
               work);
    return FinishRun(v1::Run::FAILED, options, work);
  }
  return Application(options, name, *std::move(plan), work).Run();
}

}  // namespace rollcall::reconciliation
