#include "services/reconciliation/run_taking.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/group_members.h"
#include "services/reconciliation/group_sync.h"
#include "services/reconciliation/held_batches.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_naming.h"
#include "services/reconciliation/run_steps.h"
#include "services/reconciliation/source_looks.h"
#include "services/reconciliation/strangers.h"
#include "services/reconciliation/user_sync.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;

// Withheld rows that are carried out together; with looks at the source in
// between, fewer, so that little is asked twice after a crash.
constexpr size_t kRowsPerBatch = 500;
constexpr size_t kLooksPerBatch = 64;

using Views = absl::flat_hash_map<std::string, SourceView>;

struct Row {
  std::string key;
  std::string source_id;
  store::WithheldRow row;
  bool needs_view = false;
  // The reading that had decided about the user before the source was asked.
  absl::optional<absl::Time> decided;
};

bool IsApprovedBatch(const RunWork& work) {
  return work.run.kind() == v1::Run::HELD_BATCH;
}

// Of whom the source may know nothing.
bool IsAboutStrangers(const RunWork& work) {
  return IsApprovedBatch(work) &&
         work.place.held_danger() == static_cast<int>(Danger::kMembersRemoved);
}

std::string RowsOf(const RunWork& work) {
  return IsApprovedBatch(work)
             ? keys::HeldRows(work.directory(), work.place.held_danger())
             : keys::WithheldOfAttempt(work.directory(), work.name.id(),
                                       work.place.attempt());
}

absl::StatusOr<std::string> SourceIdIn(const std::string& key,
                                       const RunWork& work) {
  std::string directory, run, source_id;
  int64_t number = 0;
  if (IsApprovedBatch(work)) {
    RETURN_IF_ERROR(KeyReader(key)
                        .Table("held_rows")
                        .String(&directory)
                        .Int64(&number)
                        .String(&source_id)
                        .Finish());
    return source_id;
  }
  RETURN_IF_ERROR(KeyReader(key)
                      .Table("withheld")
                      .String(&directory)
                      .String(&run)
                      .Int64(&number)
                      .String(&source_id)
                      .Finish());
  return source_id;
}

absl::StatusOr<absl::optional<absl::Time>> DecidedAt(
    const std::string& source_id, const RunWork& work,
    const Transaction& transaction) {
  ASSIGN_OR_RETURN(
      const absl::optional<UserRecord> record,
      transaction.identities().FindUserBySource(work.directory(), source_id));
  const Claim* claim =
      record.has_value() ? record->user.ClaimOf(work.directory()) : nullptr;
  if (claim == nullptr) return absl::optional<absl::Time>();
  return absl::make_optional(claim->read_time);
}

// The next rows to be carried out together.
absl::StatusOr<std::vector<Row>> NextRows(const RunEngineOptions& options,
                                          RunWork& work) {
  // Reads only: dropped without a trace.
  ASSIGN_OR_RETURN(auto transaction, Begin(options, work));
  const UserSync sync(work, *transaction, options.clock.TimeNow(),
                      options.make_id);
  MessageCursor<store::WithheldRow> cursor(
      transaction->reader(), work.account(), KeyRange::Prefix(RowsOf(work)));
  std::vector<Row> rows;
  size_t looks = 0;
  while (rows.size() < kRowsPerBatch && looks < kLooksPerBatch) {
    ASSIGN_OR_RETURN(auto entry, cursor.Next());
    if (!entry.has_value()) break;
    Row row;
    ASSIGN_OR_RETURN(row.source_id, SourceIdIn(entry->key, work));
    row.key = std::move(entry->key);
    row.row = std::move(entry->message);
    row.needs_view = IsApprovedBatch(work) && !IsAboutStrangers(work);
    if (!IsApprovedBatch(work)) {
      ASSIGN_OR_RETURN(row.needs_view, sync.NeedsView(row.source_id, row.row));
    }
    if (row.needs_view) {
      ASSIGN_OR_RETURN(row.decided,
                       DecidedAt(row.source_id, work, *transaction));
      ++looks;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// What the source has to say about those rows that need it. An error of the
// source is the run's.
absl::StatusOr<Views> Look(const std::vector<Row>& rows,
                           const RunEngineOptions& options, RunWork& work) {
  std::vector<std::string> wanted;
  for (const Row& row : rows) {
    if (row.needs_view) wanted.push_back(row.source_id);
  }
  if (wanted.empty()) return Views();
  auto views =
      LookAt(wanted, work.name.directory(), work.group_ids, options.directory);
  if (views.ok()) return views;
  work.source_error = views.status();
  return Views();
}

// What is still due of a row that the guard has held, by what the source says
// now: what was approved, and nothing else.
store::WithheldRow StillDue(const store::WithheldRow& held,
                            const SourceView& view, const SyncRules& rules) {
  store::WithheldRow due;
  due.set_user_id(held.user_id());
  due.set_absent(held.absent());
  if (!view.in_scope()) return due;
  const DesiredUser& user = *view.user;
  // Whom the source does not describe well enough any more is not linked.
  if (held.has_merge() && user.skip_reason.empty()) {
    *due.mutable_merge() = ToRow(user);
  }
  due.set_clear_email(held.clear_email() && user.email.empty());
  if (!view.evidence.complete()) return due;
  due.set_disable(held.disable() && !user.enabled);
  for (const std::string& group : held.leave_groups()) {
    const bool is_member =
        std::binary_search(user.groups.begin(), user.groups.end(), group);
    // Another directory may have taken the group over since (R46), or the
    // tenant may have lost it (A7).
    const bool is_known = rules.own_groups.contains(group) &&
                          !rules.missing_groups.contains(group);
    if (!is_member && is_known) due.add_leave_groups(group);
  }
  return due;
}

absl::Status CarryOut(const std::vector<Row>& rows, const Views& views,
                      const RunEngineOptions& options, RunWork& work) {
  ASSIGN_OR_RETURN(auto transaction, Begin(options, work));
  for (const Row& row : rows) {
    if (IsFull(options, *transaction)) break;
    UserSync sync(work, *transaction, options.clock.TimeNow(), options.make_id);
    if (IsAboutStrangers(work)) {
      transaction->Delete(row.key);
      RETURN_IF_ERROR(CarryOutStranger(row.row, sync, work, *transaction));
      work.place.set_withheld_done(work.place.withheld_done() + 1);
      continue;
    }
    const auto view = views.find(row.source_id);
    const SourceView* seen = view == views.end() ? nullptr : &view->second;
    // Something has happened since the rows were read: look next time.
    ASSIGN_OR_RETURN(const bool needs_view,
                     sync.NeedsView(row.source_id, row.row));
    if (needs_view && seen == nullptr) continue;
    if (seen != nullptr) {
      ASSIGN_OR_RETURN(const absl::optional<absl::Time> decided,
                       DecidedAt(row.source_id, work, *transaction));
      if (decided != row.decided) continue;
    }
    transaction->Delete(row.key);
    if (IsApprovedBatch(work) && seen != nullptr) {
      sync.SetEvidence(seen->evidence);
      RETURN_IF_ERROR(sync.Withheld(
          row.source_id, StillDue(row.row, *seen, work.rules), seen));
    } else {
      RETURN_IF_ERROR(sync.Withheld(row.source_id, row.row, seen));
    }
  }
  if (!IsApprovedBatch(work)) {
    RETURN_IF_ERROR(SaveTaken(work.taken, options.clock.TimeNow(),
                              work.directory(), *transaction));
  }
  work.taken.clear();
  SetProgress(work.place.withheld_done(), work.place.withheld_count(), work);
  SaveProgress(work, *transaction);
  RETURN_IF_ERROR(transaction->Commit());
  transaction.reset();
  Show(options, work);
  return absl::OkStatus();
}

// What it has emptied is counted in the batch that ends it.
absl::Status EndTaking(const RunEngineOptions& options, RunWork& work) {
  ASSIGN_OR_RETURN(auto transaction, Begin(options, work));
  RETURN_IF_ERROR(SaveEmptied(options.clock.TimeNow(), work, *transaction));
  EnterNextPhase(work);
  SetProgress(0, 0, work);
  SaveProgress(work, *transaction);
  RETURN_IF_ERROR(transaction->Commit());
  transaction.reset();
  Show(options, work);
  return absl::OkStatus();
}

}  // namespace

absl::Status TakeWithheld(const RunEngineOptions& options, RunWork& work) {
  if (PlaceOf(work.place).phase != RunPhase::kRemoving) return absl::OkStatus();
  RETURN_IF_ERROR(SettleNames(options, work));
  while (true) {
    if (options.is_stopping()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const bool cancelled, IsCancelled(options, work));
    if (cancelled) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<Row> rows, NextRows(options, work));
    if (rows.empty()) break;
    ASSIGN_OR_RETURN(const Views views, Look(rows, options, work));
    if (!work.source_error.ok()) return absl::OkStatus();
    RETURN_IF_ERROR(CarryOut(rows, views, options, work));
  }
  if (!IsApprovedBatch(work)) {
    if (work.place.complete()) RETURN_IF_ERROR(RemoveStrangers(options, work));
    // Only who has read everything knows what is no longer asked for.
    const bool knows_all =
        work.run.kind() == v1::Run::FULL && work.place.complete();
    RETURN_IF_ERROR(SettleBatches(knows_all, options, work));
  }
  if (work.place.unproven_count() > 0) {
    AddProblem({"REMOVAL_UNPROVEN",
                absl::StrCat(work.place.unproven_count(),
                             " users were kept, for the source did not prove "
                             "that they are gone when it was asked for them.")},
               work);
    work.place.set_needs_full(true);
  }
  return EndTaking(options, work);
}

// A group that has been released is no longer the directory's, so that what is
// found is what is left to do. One with members who are pinned is not released
// before they may leave it: nobody would take them out of it then (B5).
absl::Status ReleaseGroups(const RunEngineOptions& options, RunWork& work) {
  if (!work.place.complete() || IsApprovedBatch(work)) return absl::OkStatus();
  const absl::flat_hash_set<std::string> selected(
      work.scope.selected_source_ids().begin(),
      work.scope.selected_source_ids().end());
  ASSIGN_OR_RETURN(std::vector<GroupRecord> groups,
                   options.store.Identities(work.account())
                       .GroupsOfDirectory(work.directory()));
  for (const GroupRecord& record : groups) {
    if (selected.contains(record.group.source_id)) continue;
    const std::string& group = record.group.id;
    bool have_all_left = true;
    RETURN_IF_ERROR(VisitMembers(
        group,
        [&](const UserRecord& member, UserSync& sync,
            Transaction&) -> absl::Status {
          if (member.user.claims.empty()) return absl::OkStatus();
          ASSIGN_OR_RETURN(const bool has_left,
                           sync.LeaveGroups(member, {group}, "A8"));
          have_all_left &= has_left;
          return absl::OkStatus();
        },
        options, work));
    if (!have_all_left) continue;
    ASSIGN_OR_RETURN(auto transaction, Begin(options, work));
    RETURN_IF_ERROR(ReleaseGroup(record.group.id, options.clock.TimeNow(), work,
                                 *transaction));
    SaveProgress(work, *transaction);
    RETURN_IF_ERROR(transaction->Commit());
  }
  return absl::OkStatus();
}

}  // namespace rollcall::reconciliation
