#include "services/reconciliation/run_requests.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/held_batches.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/plan_store.pb.h"
#include "services/reconciliation/records.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::KeyRange;
using rollcall::store::KeyReader;

// Forgotten requests that one new request clears away: more than it adds, so
// that the table stays as small as a day's requests.
constexpr int kForgottenPerRequest = 20;

// How long runs that are many are kept, and how many one new run forgets.
constexpr absl::Duration kFrequentRunRetention = absl::Hours(24 * 30);
constexpr int kForgottenPerRun = 20;

absl::StatusOr<v1::Run> MustFind(const RunReader& runs,
                                 const std::string& directory,
                                 const std::string& run) {
  ASSIGN_OR_RETURN(absl::optional<v1::Run> found, runs.FindRun(directory, run));
  if (found.has_value()) return *std::move(found);
  return DataLoss("INDEX_DANGLING",
                  absl::StrCat("The run ", run, " does not exist."),
                  {{"run", run}});
}

// Forgets requests that are older than the retention.
absl::Status Forget(absl::Time now, Transaction& transaction) {
  auto cursor = transaction.reader().Scan(
      transaction.account(),
      {keys::Table("requests_by_time"), rollcall::store::Key("requests_by_time")
                                            .Time(now - kRequestRetention)
                                            .Build()});
  for (int i = 0; i < kForgottenPerRequest; ++i) {
    ASSIGN_OR_RETURN(absl::optional<rollcall::store::Entry> entry,
                     cursor->Next());
    if (!entry.has_value()) return absl::OkStatus();
    absl::Time time;
    std::string directory, request_id;
    RETURN_IF_ERROR(KeyReader(entry->key)
                        .Table("requests_by_time")
                        .Time(&time)
                        .String(&directory)
                        .String(&request_id)
                        .Finish());
    transaction.Delete(keys::Request(directory, request_id));
    transaction.Delete(std::move(entry->key));
  }
  return absl::OkStatus();
}

absl::Status Remember(const std::string& directory,
                      const std::string& request_id, const std::string& run,
                      absl::Time now, Transaction& transaction) {
  if (request_id.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(Forget(now, transaction));
  store::RequestRow row;
  row.set_run(run);
  transaction.Put(keys::Request(directory, request_id), row);
  transaction.Put(keys::RequestByTime(now, directory, request_id),
                  store::IdRow());
  return absl::OkStatus();
}

// The answer that there is already, with what is to be remembered of it in the
// transaction.
absl::StatusOr<absl::optional<v1::Run>> Answer(const std::string& directory,
                                               const RunRequest& wanted,
                                               absl::Time now,
                                               Transaction& transaction) {
  const RunReader& runs = transaction.runs();
  const std::string& request_id = wanted.request_id;
  if (!request_id.empty()) {
    ASSIGN_OR_RETURN(absl::optional<store::RequestRow> request,
                     runs.FindRequest(directory, request_id));
    if (request.has_value()) {
      ASSIGN_OR_RETURN(v1::Run run, MustFind(runs, directory, request->run()));
      return absl::make_optional(std::move(run));
    }
  }
  ASSIGN_OR_RETURN(absl::optional<store::RunningRow> running,
                   runs.FindRunning(directory));
  if (!running.has_value()) return absl::optional<v1::Run>();
  RETURN_IF_ERROR(
      Remember(directory, request_id, running->run(), now, transaction));
  ASSIGN_OR_RETURN(v1::Run run, MustFind(runs, directory, running->run()));
  const bool is_full_wanted = wanted.kind == v1::Run::FULL && !wanted.plan_only;
  if (is_full_wanted && run.kind() != v1::Run::FULL) {
    // Comes next (R66): the schedule starts it when this one has ended.
    ASSIGN_OR_RETURN(store::DirectoryRow row, runs.GetDirectory(directory));
    row.set_full_retry_nanos(absl::ToUnixNanos(now));
    transaction.Put(keys::Directory(directory), row);
  }
  return absl::make_optional(std::move(run));
}

// The id must be free.
absl::Status CheckFree(const RunName& name, const Transaction& transaction) {
  ASSIGN_OR_RETURN(
      absl::optional<v1::Run> taken,
      transaction.runs().FindRun(name.directory().id(), name.id()));
  if (!taken.has_value()) return absl::OkStatus();
  return AlreadyExists(
      "RUN_EXISTS",
      absl::StrCat("There is a run ", name.ToString(), " already."),
      {{"run", name.ToString()}, {"field", "run_id"}});
}

// Whether a run may be forgotten when it is old: there is one every few
// minutes.
bool IsFrequent(const v1::Run& run) {
  return run.kind() == v1::Run::CHANGES || run.kind() == v1::Run::SINGLE_USER;
}

// Forgets some runs that are older than the retention.
absl::Status ForgetRuns(const std::string& directory, absl::Time now,
                        Transaction& transaction) {
  const std::string prefix = keys::RunsByTime(directory);
  auto cursor = transaction.reader().Scan(
      transaction.account(),
      KeyRange::PrefixAfter(
          prefix, keys::RunByTime(directory, now - kFrequentRunRetention, "")));
  for (int i = 0; i < kForgottenPerRun; ++i) {
    ASSIGN_OR_RETURN(absl::optional<rollcall::store::Entry> entry,
                     cursor->Next());
    if (!entry.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(store::IdRow row,
                     rollcall::store::Parse<store::IdRow>(entry->value));
    ASSIGN_OR_RETURN(const v1::Run run,
                     MustFind(transaction.runs(), directory, row.id()));
    if (!IsFrequent(run) || run.state() == v1::Run::RUNNING) continue;
    transaction.Delete(keys::Run(directory, row.id()));
    transaction.Delete(keys::RunBegin(directory, row.id()));
    transaction.Delete(std::move(entry->key));
  }
  return absl::OkStatus();
}

}  // namespace

v1::Run NewRun(const RunName& name, v1::Run::Kind kind, absl::Time now) {
  v1::Run run;
  run.set_name(name.ToString());
  run.set_kind(kind);
  run.set_state(v1::Run::RUNNING);
  run.set_phase(v1::Run::READING);
  run.mutable_progress();
  run.mutable_counters();
  *run.mutable_create_time() = ToTimestamp(now);
  return run;
}

void PutRunning(const RunName& name, Transaction& transaction,
                bool full_was_due) {
  store::RunningRow running;
  running.set_run(name.id());
  running.set_full_was_due(full_was_due);
  transaction.Put(keys::Running(name.directory().id()), running);
}

absl::Status CheckAnswer(const v1::Run& answer, const RunRequest& request) {
  const bool is_what_is_wanted =
      answer.plan_only() == request.plan_only &&
      answer.username_normalization_assumed() == request.assumes_normalization;
  if (is_what_is_wanted) return absl::OkStatus();
  return FailedPrecondition(
      "RUN_UNDER_WAY",
      absl::StrCat(answer.name(),
                   answer.plan_only() ? " is being planned" : " is under way",
                   "; ask again when it has ended."),
      {{"run", answer.name()}});
}

absl::Status CheckMayStart(const RunName& name,
                           const Transaction& transaction) {
  ASSIGN_OR_RETURN(absl::optional<store::RunningRow> running,
                   transaction.runs().FindRunning(name.directory().id()));
  if (!running.has_value()) return CheckFree(name, transaction);
  const std::string run = RunName(name.directory(), running->run()).ToString();
  return FailedPrecondition(
      "RUN_UNDER_WAY",
      absl::StrCat(run,
                   " is under way; ask again when it has ended, for it "
                   "may change what this is about."),
      {{"run", run}});
}

absl::StatusOr<absl::optional<v1::Run>> FindAnswer(
    const DirectoryName& directory, const RunRequest& request, absl::Time now,
    IdentityStore& store) {
  ASSIGN_OR_RETURN(auto transaction, store.Begin(directory.account().id()));
  ASSIGN_OR_RETURN(absl::optional<v1::Run> run,
                   Answer(directory.id(), request, now, *transaction));
  if (run.has_value()) RETURN_IF_ERROR(CheckAnswer(*run, request));
  RETURN_IF_ERROR(transaction->Commit());
  return run;
}

absl::Status PutNewRun(const RunName& name, const v1::Run& run, absl::Time now,
                       Transaction& transaction) {
  const std::string& directory = name.directory().id();
  store::RunRow row;
  *row.mutable_run() = run;
  transaction.Put(keys::Run(directory, name.id()), row);
  store::IdRow entry;
  entry.set_id(name.id());
  transaction.Put(keys::RunByTime(directory, now, name.id()), entry);
  store::RunBeginRow begin;
  begin.set_sequence(transaction.begin_sequence());
  transaction.Put(keys::RunBegin(directory, name.id()), begin);
  return ForgetRuns(directory, now, transaction);
}

absl::StatusOr<v1::Run> StartRun(const RunName& name, const RunRequest& request,
                                 absl::Time now, IdentityStore& store) {
  const std::string& directory = name.directory().id();
  ASSIGN_OR_RETURN(auto transaction, store.Begin(name.account().id()));
  ASSIGN_OR_RETURN(absl::optional<v1::Run> answer,
                   Answer(directory, request, now, *transaction));
  if (answer.has_value()) {
    RETURN_IF_ERROR(CheckAnswer(*answer, request));
    RETURN_IF_ERROR(transaction->Commit());
    return *std::move(answer);
  }
  RETURN_IF_ERROR(CheckFree(name, *transaction));

  ASSIGN_OR_RETURN(store::DirectoryRow known,
                   transaction->runs().GetDirectory(directory));
  const bool changes =
      request.kind == v1::Run::CHANGES && !known.change_cursor().empty();
  v1::Run run = NewRun(name, changes ? v1::Run::CHANGES : v1::Run::FULL, now);
  run.set_plan_only(request.plan_only);
  run.set_username_normalization_assumed(request.assumes_normalization);
  RETURN_IF_ERROR(PutNewRun(name, run, now, *transaction));
  PutRunning(name, *transaction, known.full_retry_nanos() != 0);
  if (changes) {
    store::PlaceRow place;
    place.set_change_cursor(known.change_cursor());
    place.set_read_id(request.read_id);
    transaction->Put(keys::Place(directory, name.id()), place);
    known.set_last_poll_nanos(absl::ToUnixNanos(now));
  } else {
    known.clear_full_retry_nanos();
  }
  if (request.slot.has_value()) {
    known.set_last_slot_nanos(absl::ToUnixNanos(*request.slot));
  }
  // A plan changes nothing of what runs hand on (B1).
  if (!request.plan_only) transaction->Put(keys::Directory(directory), known);
  RETURN_IF_ERROR(
      Remember(directory, request.request_id, name.id(), now, *transaction));
  RETURN_IF_ERROR(transaction->Commit());
  return run;
}

absl::StatusOr<v1::Run> RequestCancel(const RunName& name,
                                      IdentityStore& store) {
  const std::string& directory = name.directory().id();
  ASSIGN_OR_RETURN(auto transaction, store.Begin(name.account().id()));
  ASSIGN_OR_RETURN(absl::optional<v1::Run> run,
                   transaction->runs().FindRun(directory, name.id()));
  if (!run.has_value()) {
    return NotFound("RUN_NOT_FOUND",
                    absl::StrCat("There is no run ", name.ToString(), "."),
                    {{"run", name.ToString()}});
  }
  ASSIGN_OR_RETURN(absl::optional<store::RunningRow> running,
                   transaction->runs().FindRunning(directory));
  if (!running.has_value() || running->run() != name.id()) return *run;
  running->set_cancelled(true);
  running->clear_retry_time_nanos();
  transaction->Put(keys::Running(directory), *running);
  RETURN_IF_ERROR(transaction->Commit());
  return *run;
}

absl::StatusOr<v1::Run> StartApproved(const Approval& approval,
                                      const std::string& run_id, absl::Time now,
                                      IdentityStore& store) {
  const DirectoryName& directory = approval.batch.directory;
  const std::string batch_name = approval.batch.ToString();
  ASSIGN_OR_RETURN(auto transaction, store.Begin(directory.account().id()));
  ASSIGN_OR_RETURN(absl::optional<v1::HeldBatch> batch,
                   FindBatch(transaction->reader(), approval.batch));
  if (!batch.has_value()) {
    return NotFound("BATCH_NOT_FOUND",
                    absl::StrCat("There is no held batch ", batch_name, "."),
                    {{"batch", batch_name}});
  }
  if (batch->state() != v1::HeldBatch::HELD) {
    const std::string state = v1::HeldBatch::State_Name(batch->state());
    return FailedPrecondition(
        "BATCH_NOT_HELD",
        absl::StrCat(batch_name, " is not held any more; it is ", state, "."),
        {{"batch", batch_name}, {"state", state}});
  }
  const RunName name(directory, run_id);
  RETURN_IF_ERROR(CheckMayStart(name, *transaction));
  if (approval.change_count != 0 &&
      approval.change_count != batch->change_count()) {
    return Aborted("BATCH_MOVED",
                   absl::StrCat(batch_name, " holds ", batch->change_count(),
                                " changes by now, not ", approval.change_count,
                                "; look at it again."),
                   {{"batch", batch_name},
                    {"change_count", absl::StrCat(batch->change_count())}});
  }

  v1::Run run = NewRun(name, v1::Run::HELD_BATCH, now);
  run.set_phase(v1::Run::REMOVING);
  run.set_held_batch(batch_name);
  *run.mutable_read_time() = run.create_time();
  run.mutable_progress()->set_total(batch->change_count());
  RETURN_IF_ERROR(PutNewRun(name, run, now, *transaction));
  PutRunning(name, *transaction);
  store::PlaceRow place;
  place.set_phase(store::PlaceRow::REMOVING);
  place.set_attempt(1);
  place.set_complete(true);
  place.set_withheld_count(batch->change_count());
  place.set_held_batch(approval.batch.id);
  place.set_held_danger(batch->danger());
  transaction->Put(keys::Place(directory.id(), run_id), place);
  transaction->Put(keys::Scope(directory.id(), run_id), approval.scope);

  batch->set_state(v1::HeldBatch::APPROVED);
  batch->set_approver(approval.approver);
  batch->set_approved_run(run.name());
  *batch->mutable_update_time() = run.create_time();
  store::HeldBatchRow row;
  *row.mutable_batch() = *batch;
  transaction->Put(keys::HeldBatch(directory.id(), approval.batch.id), row);
  transaction->Delete(keys::OpenBatch(directory.id(), batch->danger()));
  RETURN_IF_ERROR(transaction->Commit());
  return run;
}

}  // namespace rollcall::reconciliation
