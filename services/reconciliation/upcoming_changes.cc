#include "services/reconciliation/upcoming_changes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/collision_desk.h"
#include "services/reconciliation/desk_decision.h"
#include "services/reconciliation/guard.h"
#include "services/reconciliation/held_batch_name.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_reader.h"
#include "services/reconciliation/schedule.h"
#include "services/reconciliation/schedule_facts.h"
#include "services/reconciliation/store.pb.h"
#include "services/reconciliation/username_form.h"
#include "services/reconciliation/username_rename.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::GetMessage;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;
using Upcoming = std::vector<v1::UpcomingChange>;

v1::UpcomingChange& Add(v1::UpcomingChange::Kind kind, std::string subject,
                        std::string rule, std::string message, Upcoming* all) {
  v1::UpcomingChange& change = all->emplace_back();
  change.set_kind(kind);
  change.set_subject(std::move(subject));
  change.set_rule(std::move(rule));
  change.set_message(std::move(message));
  return change;
}

void AddPurge(const OutlookFacts& facts, Upcoming* all) {
  if (!facts.user.pending_deletion()) return;
  const TrashedUserName trashed(facts.account, facts.user.id);
  std::string message =
      "The user is deleted for good, unless the source has it in a selected "
      "group again before.";
  if (!facts.user.pinned_by.empty()) {
    message = absl::StrCat(
        "The user is deleted for good, unless the source has it in a selected "
        "group then: it stays in the trash as long as that is so and no plan "
        "of ",
        DirectoryName(facts.account, facts.user.pinned_by).ToString(),
        " is applied, for a run was undone.");
  }
  *Add(v1::UpcomingChange::PURGE, trashed.ToString(), "R60", std::move(message),
       all)
       .mutable_due_time() =
      ToTimestamp(*facts.user.delete_time + facts.trash_retention);
}

// What else is announced of directories does not touch the user until then.
void AddPin(const OutlookFacts& facts, Upcoming* all) {
  if (facts.user.pinned_by.empty()) return;
  const DirectoryName directory(facts.account, facts.user.pinned_by);
  Add(v1::UpcomingChange::PINNED, directory.ToString(), "B5",
      "A run was undone for the user: no sync changes it before the next plan "
      "of the directory is applied.",
      all);
}

// Whether the row of a danger is about this user.
absl::StatusOr<bool> IsHeld(const OutlookFacts& facts,
                            const std::string& directory, int danger) {
  const Claim* claim = facts.user.ClaimOf(directory);
  if (claim != nullptr) {
    ASSIGN_OR_RETURN(
        const absl::optional<std::string> row,
        facts.reader.Get(facts.account.id(),
                         keys::HeldRow(directory, danger, claim->source_id)));
    return row.has_value();
  }
  // Only a merge is held of somebody whom the directory does not manage; it
  // lies under the object that would be merged into him.
  if (danger != static_cast<int>(Danger::kMerged)) return false;
  MessageCursor<store::WithheldRow> cursor(
      facts.reader, facts.account.id(),
      KeyRange::Prefix(keys::HeldRows(directory, danger)));
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return false;
    if (row->message.user_id() == facts.user.id) return true;
  }
}

// The open batches of the account are few: five for each directory at most.
absl::Status AddHeld(const OutlookFacts& facts, Upcoming* all) {
  MessageCursor<store::IdRow> open(facts.reader, facts.account.id(),
                                   KeyRange::Prefix(keys::Table("held_open")));
  while (true) {
    ASSIGN_OR_RETURN(auto row, open.Next());
    if (!row.has_value()) return absl::OkStatus();
    std::string directory;
    int64_t danger = 0;
    RETURN_IF_ERROR(KeyReader(row->key)
                        .Table("held_open")
                        .String(&directory)
                        .Int64(&danger)
                        .Finish());
    ASSIGN_OR_RETURN(const bool held,
                     IsHeld(facts, directory, static_cast<int>(danger)));
    if (!held) continue;
    const HeldBatchName batch{DirectoryName(facts.account, directory),
                              row->message.id()};
    Add(v1::UpcomingChange::HELD_CHANGE, batch.ToString(), "B2",
        absl::StrCat("A change of the user is held, ",
                     v1::HeldBatch::Danger_Name(
                         static_cast<v1::HeldBatch::Danger>(danger)),
                     ": it waits for an approval of the batch, or for the "
                     "source to recover."),
        all);
  }
}

void AddRename(const Claim& claim, const directory::v1::Directory& directory,
               const User& user, const DeskDecision& desk, Upcoming* all) {
  const bool normalization = directory.username_normalization_enabled();
  const std::string source_username =
      UsernameOf(claim.user_principal_name, normalization);
  const absl::optional<Rename> due =
      RenameOf({.username = user.username,
                .origin = claim.username_origin,
                .source_username = source_username,
                .normalization = normalization,
                .follow_renames = directory.rename_policy() ==
                                  directory::v1::Directory::FOLLOW,
                .desk = desk});
  if (due.has_value()) {
    // No run renames whoever is pinned (B5).
    if (desk.choice == DeskChoice::kSkip || !user.pinned_by.empty()) return;
    Add(v1::UpcomingChange::RENAME_DUE, directory.name(), due->rule,
        absl::StrCat("The next full run gives the username ", due->username,
                     ", if it is free."),
        all);
    return;
  }
  if (source_username == UsernameOf(claim.username_origin, normalization)) {
    return;
  }
  Add(v1::UpcomingChange::RENAME_PENDING, directory.name(), "A3",
      absl::StrCat("The source has renamed the user, who would be ",
                   source_username, " now; the username stays."),
      all);
}

absl::Status AddOfDirectory(const OutlookFacts& facts,
                            const ManagingDirectory& managing, Upcoming* all) {
  const DirectoryName& name = managing.name;
  const RunReader runs(facts.reader, facts.account.id());
  ASSIGN_OR_RETURN(const absl::optional<store::RunningRow> running,
                   runs.FindRunning(name.id()));
  if (running.has_value()) {
    Add(v1::UpcomingChange::RUN_UNDER_WAY,
        RunName(name, running->run()).ToString(), "R69",
        "A run of the directory is under way and may change the user.", all);
  }
  if (!managing.configured.ok()) return absl::OkStatus();
  const directory::v1::Directory& directory = *managing.configured;
  const Claim* claim = facts.user.ClaimOf(name.id());
  if (claim != nullptr && !facts.user.pending_deletion()) {
    ASSIGN_OR_RETURN(const DeskDecision desk,
                     FindDecision(facts.reader, facts.account.id(), name.id(),
                                  kDeskUsers, claim->source_id));
    AddRename(*claim, directory, facts.user, desk, all);
  }
  if (!IsScheduled(directory)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const store::DirectoryRow row, runs.GetDirectory(name.id()));
  if (row.last_slot_nanos() == 0) return absl::OkStatus();  // Not drawn yet.
  const ScheduleFacts schedule = ScheduleFactsOf(row, directory);
  *Add(v1::UpcomingChange::FULL_RUN, name.ToString(), "R68",
       "Everything of the directory is read.", all)
       .mutable_due_time() = ToTimestamp(NextFull(schedule, facts.now));
  const absl::optional<absl::Time> poll = NextPoll(schedule, facts.now);
  if (poll.has_value()) {
    *Add(v1::UpcomingChange::POLL, name.ToString(), "B6",
         "The directory's tenant is asked for changes.", all)
         .mutable_due_time() = ToTimestamp(*poll);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Upcoming> UpcomingChanges(const OutlookFacts& facts) {
  Upcoming all;
  AddPurge(facts, &all);
  AddPin(facts, &all);
  RETURN_IF_ERROR(AddHeld(facts, &all));
  for (const ManagingDirectory& directory : facts.directories) {
    RETURN_IF_ERROR(AddOfDirectory(facts, directory, &all));
  }
  std::stable_sort(
      all.begin(), all.end(),
      [](const v1::UpcomingChange& a, const v1::UpcomingChange& b) {
        if (!a.has_due_time() || !b.has_due_time()) {
          return a.has_due_time() && !b.has_due_time();
        }
        return FromTimestamp(a.due_time()) < FromTimestamp(b.due_time());
      });
  return all;
}

}  // namespace rollcall::reconciliation
