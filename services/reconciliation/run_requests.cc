#include "services/reconciliation/run_requests.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::KeyReader;

// Forgotten requests that one new request clears away: more than it adds, so
// that the table stays as small as a day's requests.
constexpr int kForgottenPerRequest = 20;

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
                                               const std::string& request_id,
                                               absl::Time now,
                                               Transaction& transaction) {
  const RunReader& runs = transaction.runs();
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
  return absl::make_optional(std::move(run));
}

}  // namespace

absl::StatusOr<absl::optional<v1::Run>> FindAnswer(
    const DirectoryName& directory, const std::string& request_id,
    absl::Time now, IdentityStore& store) {
  ASSIGN_OR_RETURN(auto transaction, store.Begin(directory.account().id()));
  ASSIGN_OR_RETURN(absl::optional<v1::Run> run,
                   Answer(directory.id(), request_id, now, *transaction));
  RETURN_IF_ERROR(transaction->Commit());
  return run;
}

absl::StatusOr<v1::Run> StartRun(const RunName& name,
                                 const std::string& request_id, absl::Time now,
                                 IdentityStore& store) {
  const std::string& directory = name.directory().id();
  ASSIGN_OR_RETURN(auto transaction, store.Begin(name.account().id()));
  ASSIGN_OR_RETURN(absl::optional<v1::Run> answer,
                   Answer(directory, request_id, now, *transaction));
  if (answer.has_value()) {
    RETURN_IF_ERROR(transaction->Commit());
    return *std::move(answer);
  }
  ASSIGN_OR_RETURN(absl::optional<v1::Run> taken,
                   transaction->runs().FindRun(directory, name.id()));
  if (taken.has_value()) {
    return AlreadyExists(
        "RUN_EXISTS",
        absl::StrCat("There is a run ", name.ToString(), " already."),
        {{"run", name.ToString()}, {"field", "run_id"}});
  }

  store::RunRow row;
  v1::Run& run = *row.mutable_run();
  run.set_name(name.ToString());
  run.set_kind(v1::Run::FULL);
  run.set_state(v1::Run::RUNNING);
  run.set_phase(v1::Run::READING);
  run.mutable_progress();
  run.mutable_counters();
  *run.mutable_create_time() = ToTimestamp(now);
  transaction->Put(keys::Run(directory, name.id()), row);
  store::IdRow entry;
  entry.set_id(name.id());
  transaction->Put(keys::RunByTime(directory, now, name.id()), entry);
  store::RunningRow running;
  running.set_run(name.id());
  transaction->Put(keys::Running(directory), running);
  RETURN_IF_ERROR(
      Remember(directory, request_id, name.id(), now, *transaction));
  RETURN_IF_ERROR(transaction->Commit());
  return std::move(*row.mutable_run());
}

}  // namespace rollcall::reconciliation
