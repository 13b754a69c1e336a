#include "services/reconciliation/run_steps.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/collision_desk.h"
#include "services/reconciliation/held_batches.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"

namespace rollcall::reconciliation {

using rollcall::store::KeyRange;

absl::StatusOr<RunWork> LoadRun(const RunName& name, IdentityStore& store) {
  RunWork work{.name = name};
  const RunReader runs = store.Runs(work.account());
  ASSIGN_OR_RETURN(absl::optional<v1::Run> run,
                   runs.FindRun(work.directory(), name.id()));
  if (!run.has_value()) {
    return NotFound("RUN_NOT_FOUND",
                    absl::StrCat("There is no run ", name.ToString(), "."),
                    {{"run", name.ToString()}});
  }
  work.run = *std::move(run);
  ASSIGN_OR_RETURN(absl::optional<store::RunningRow> running,
                   runs.FindRunning(work.directory()));
  if (running.has_value()) work.running = *std::move(running);
  ASSIGN_OR_RETURN(absl::optional<store::PlaceRow> place,
                   runs.FindPlace(work.directory(), name.id()));
  if (place.has_value()) work.place = *std::move(place);
  ASSIGN_OR_RETURN(absl::optional<store::ScopeRow> scope,
                   runs.FindScope(work.directory(), name.id()));
  if (scope.has_value()) work.scope = *std::move(scope);
  return work;
}

absl::Status LoadRules(IdentityStore& store, RunWork& work) {
  work.rules = SyncRules();
  work.rules.directory = work.directory();
  work.rules.phone_import = work.scope.phone_import_enabled();
  work.rules.normalization = work.scope.username_normalization_enabled();
  work.rules.follow_renames = work.scope.renames_followed();
  work.rules.missing_groups.insert(work.scope.missing_groups().begin(),
                                   work.scope.missing_groups().end());
  work.at_once = work.run.kind() == v1::Run::HELD_BATCH;
  if (work.run.kind() == v1::Run::CHANGES) {
    ASSIGN_OR_RETURN(work.has_held,
                     HoldsAnything(store, work.name.directory()));
  }
  ASSIGN_OR_RETURN(work.has_decisions,
                   HasUserDecisions(store.rows(), work.name.directory()));
  work.group_ids.clear();
  ASSIGN_OR_RETURN(
      std::vector<GroupRecord> groups,
      store.Identities(work.account()).GroupsOfDirectory(work.directory()));
  for (const GroupRecord& record : groups) {
    work.rules.own_groups.insert(record.group.id);
    work.group_ids[record.group.source_id] = record.group.id;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Transaction>> Begin(
    const RunEngineOptions& options, const RunWork& work) {
  return options.store.Begin(work.account());
}

absl::StatusOr<bool> IsCancelled(const RunEngineOptions& options,
                                 const RunWork& work) {
  ASSIGN_OR_RETURN(
      absl::optional<store::RunningRow> running,
      options.store.Runs(work.account()).FindRunning(work.directory()));
  return running.has_value() && running->run() == work.name.id() &&
         running->cancelled();
}

bool IsFull(const RunEngineOptions& options, const Transaction& transaction) {
  return transaction.row_count() >= options.max_batch_rows ||
         transaction.byte_size() >= options.max_batch_bytes;
}

void Show(const RunEngineOptions& options, const RunWork& work) {
  options.board.Show(work.run.name(),
                     {PlaceOf(work.place).phase, work.run.progress().done(),
                      work.run.progress().total()});
}

absl::Status EndPhase(const RunEngineOptions& options, int64_t next_total,
                      RunWork& work) {
  EnterNextPhase(work);
  SetProgress(0, next_total, work);
  {
    ASSIGN_OR_RETURN(auto transaction, Begin(options, work));
    SaveProgress(work, *transaction);
    RETURN_IF_ERROR(transaction->Commit());
  }
  Show(options, work);
  return absl::OkStatus();
}

absl::Status DropWithheld(const RunEngineOptions& options,
                          const absl::optional<std::string>& kept,
                          const RunWork& work) {
  if (!kept.has_value()) {
    RETURN_IF_ERROR(DropRows(
        options, KeyRange::Prefix(keys::AwaitedOfDirectory(work.directory())),
        work));
  }
  while (true) {
    ASSIGN_OR_RETURN(auto transaction, Begin(options, work));
    auto cursor = transaction->reader().Scan(
        work.account(),
        KeyRange::Prefix(keys::WithheldOfDirectory(work.directory())));
    while (!IsFull(options, *transaction)) {
      ASSIGN_OR_RETURN(absl::optional<rollcall::store::Entry> entry,
                       cursor->Next());
      if (!entry.has_value()) break;
      if (kept.has_value() && absl::StartsWith(entry->key, *kept)) continue;
      transaction->Delete(std::move(entry->key));
    }
    if (transaction->empty()) return absl::OkStatus();
    RETURN_IF_ERROR(transaction->Commit());
  }
}

absl::Status CountReading(const std::string& directory,
                          Transaction& transaction) {
  ASSIGN_OR_RETURN(store::DirectoryRow row,
                   transaction.runs().GetDirectory(directory));
  row.set_readings(row.readings() + 1);
  transaction.Put(keys::Directory(directory), row);
  return absl::OkStatus();
}

absl::Status SaveTaken(const Taken& taken, absl::Time now,
                       const std::string& directory, Transaction& transaction) {
  if (taken.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(store::DirectoryRow row,
                   transaction.runs().GetDirectory(directory));
  AddTaken(taken, now, &row);
  transaction.Put(keys::Directory(directory), row);
  return absl::OkStatus();
}

absl::Status SaveEmptied(absl::Time now, const RunWork& work,
                         Transaction& transaction) {
  int64_t emptied = 0;
  for (const std::string& id : work.scope.emptying_groups()) {
    ASSIGN_OR_RETURN(const absl::optional<GroupRecord> record,
                     transaction.identities().FindGroup(id));
    emptied += record.has_value() && record->group.member_count == 0;
  }
  if (emptied == 0) return absl::OkStatus();
  return SaveTaken({{Danger::kGroupsEmptied, emptied}}, now, work.directory(),
                   transaction);
}

absl::Status DropRows(const RunEngineOptions& options, const KeyRange& range,
                      const RunWork& work) {
  while (true) {
    ASSIGN_OR_RETURN(auto transaction, Begin(options, work));
    auto cursor = transaction->reader().Scan(work.account(), range);
    while (!IsFull(options, *transaction)) {
      ASSIGN_OR_RETURN(absl::optional<rollcall::store::Entry> entry,
                       cursor->Next());
      if (!entry.has_value()) break;
      transaction->Delete(std::move(entry->key));
    }
    if (transaction->empty()) return absl::OkStatus();
    RETURN_IF_ERROR(transaction->Commit());
  }
}

}  // namespace rollcall::reconciliation
