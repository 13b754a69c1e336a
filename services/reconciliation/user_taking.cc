// The half of UserSync that takes: what was withheld is carried out, held or
// dropped.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/user_marks.h"
#include "services/reconciliation/user_sync.h"

namespace rollcall::reconciliation {

DesiredUser FromRow(const std::string& source_id,
                    const store::DesiredRow& row) {
  DesiredUser desired;
  desired.source_id = source_id;
  desired.user_principal_name = row.user_principal_name();
  desired.username = row.username();
  desired.display_name = row.display_name();
  desired.email = row.email();
  desired.enabled = row.enabled();
  desired.phones.assign(row.phones().begin(), row.phones().end());
  desired.has_phone_data = row.has_phone_data();
  desired.groups.assign(row.groups().begin(), row.groups().end());
  desired.username_collides = row.username_collides();
  return desired;
}

namespace {

bool IsDue(const store::WithheldRow& row) {
  return row.absent() || row.disable() || row.clear_email() ||
         row.leave_groups_size() > 0 || row.look_again() || row.uncounted();
}

}  // namespace

void UserSync::Hold(Danger danger, const std::string& source_id,
                    store::WithheldRow row) {
  row.set_run(work_.run.name());
  transaction_.Put(
      keys::HeldRow(work_.directory(), static_cast<int>(danger), source_id),
      row);
  ++(*work_.counters().mutable_held())[v1::HeldBatch::Danger_Name(
      static_cast<v1::HeldBatch::Danger>(danger))];
}

void UserSync::Keep() {
  outcome_.kept = true;
  Add(1, &v1::RunCounters::users_kept, &v1::RunCounters::set_users_kept,
      &work_.counters());
}

absl::StatusOr<bool> UserSync::NeedsView(const std::string& source_id,
                                         const store::WithheldRow& row) const {
  // What is not proved is read anew soon in any case.
  if (row.has_merge() || !work_.place.complete()) return false;
  ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                   transaction_.identities().FindUser(row.user_id()));
  if (!record.has_value() || IsPinned(record->user)) return false;
  const Claim* claim = record->user.ClaimOf(work_.directory());
  if (claim == nullptr || claim->source_id != source_id) return false;
  if (row.look_again() || IsNewer(*claim)) return true;
  if (!row.absent()) return false;
  const Fate fate = DecideAbsent(record->user, work_.rules, now_).fate;
  return (fate == Fate::kRemove || fate == Fate::kDropClaim) &&
         !HeldBy(record->user, fate).has_value();
}

absl::Status UserSync::Withheld(const std::string& source_id,
                                const store::WithheldRow& row,
                                const SourceView* view) {
  outcome_ = UserOutcome();
  work_.place.set_withheld_done(work_.place.withheld_done() + 1);
  if (work_.has_held && has_proof_) DropHeld(source_id);
  if (row.has_merge()) return CarryOutMerge(source_id, row);
  ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                   transaction_.identities().FindUser(row.user_id()));
  // Another directory's run, a sync of this user or a purge may have changed
  // the user since.
  const Claim* claim =
      record.has_value() ? record->user.ClaimOf(work_.directory()) : nullptr;
  const bool is_linked = claim != nullptr && claim->source_id == source_id;
  const bool is_pinned = is_linked && IsPinned(record->user);
  const bool still_ours = is_linked && !is_pinned;
  // Of whom nothing is due he was counted when he was met, unless the run is an
  // approved batch, which meets him here.
  if (is_pinned && (work_.at_once || IsDue(row))) LeavesPinned(record->user);
  if (still_ours && (row.look_again() || IsNewer(*claim))) {
    return FollowView(*record, source_id, row, view);
  }
  if (still_ours && row.absent()) {
    return CarryOutAbsent(*record, source_id, view);
  }
  if (still_ours) return CarryOutDue(*record, source_id, row);
  if (row.uncounted()) CountSeen(store::UserMarkRow(), &work_.counters());
  return absl::OkStatus();
}

// Like a sync of this user alone: the newest answer decides.
absl::Status UserSync::FollowView(const UserRecord& record,
                                  const std::string& source_id,
                                  const store::WithheldRow& row,
                                  const SourceView* view) {
  v1::RunCounters& counters = work_.counters();
  Add(1, &v1::RunCounters::users_newer, &v1::RunCounters::set_users_newer,
      &counters);
  if (view != nullptr) SetEvidence(view->evidence);
  const bool is_answered =
      view != nullptr && !IsNewer(*record.user.ClaimOf(work_.directory()));
  if (is_answered && view->in_scope()) {
    at_once_ = true;
    has_proof_ = work_.place.complete() && view->evidence.complete();
    is_counted_ = !row.uncounted();
    was_met_ = !row.look_again();
    return Follow(*view->user, record.user.id, /*may_merge=*/true);
  }
  if (row.uncounted()) CountSeen(store::UserMarkRow(), &counters);
  if (!is_answered) return absl::OkStatus();
  return CarryOutAbsent(record, source_id, view);
}

absl::Status UserSync::CarryOutMerge(const std::string& source_id,
                                     const store::WithheldRow& row) {
  ASSIGN_OR_RETURN(
      absl::optional<UserRecord> linked,
      transaction_.identities().FindUserBySource(work_.directory(), source_id));
  // Whom a sync of this user alone has merged meanwhile nobody holds.
  if (!linked.has_value() && work_.IsHeld(Danger::kMerged)) {
    Hold(Danger::kMerged, source_id, row);
    CountSeen(store::UserMarkRow(), &work_.counters());
    return absl::OkStatus();
  }
  return Follow(FromRow(source_id, row.merge()),
                linked.has_value() ? linked->user.id : "", /*may_merge=*/true);
}

absl::optional<Danger> UserSync::HeldBy(const User& user, Fate fate) const {
  if (fate == Fate::kRemove && work_.IsHeld(Danger::kRemoved)) {
    return Danger::kRemoved;
  }
  for (const std::string& group : work_.scope.emptied_groups()) {
    if (std::binary_search(user.groups.begin(), user.groups.end(), group)) {
      return Danger::kGroupsEmptied;
    }
  }
  return absl::nullopt;
}

absl::Status UserSync::CarryOutAbsent(const UserRecord& record,
                                      const std::string& source_id,
                                      const SourceView* view) {
  if (!work_.place.complete()) {  // R30
    Keep();
    return absl::OkStatus();
  }
  const UserDecision decision = DecideAbsent(record.user, work_.rules, now_);
  const absl::optional<Danger> held = HeldBy(record.user, decision.fate);
  if (held.has_value()) {
    store::WithheldRow row;
    row.set_user_id(record.user.id);
    row.set_absent(true);
    Hold(*held, source_id, row);
    return absl::OkStatus();
  }
  // A look that proves nothing takes nothing, not even a membership.
  const bool is_unproven = view != nullptr && !view->proves_absence() &&
                           decision.fate != Fate::kUnchanged;
  if (decision.fate == Fate::kRemove || decision.fate == Fate::kDropClaim ||
      is_unproven) {
    if (view == nullptr || !view->proves_absence()) {
      Keep();
      if (view != nullptr && view->in_scope()) {
        Add(1, &v1::RunCounters::removals_contradicted,
            &v1::RunCounters::set_removals_contradicted, &work_.counters());
      } else {
        work_.place.set_unproven_count(work_.place.unproven_count() + 1);
      }
      return absl::OkStatus();
    }
    return Remove(record, *view);
  }
  if (decision.fate == Fate::kHold) Keep();
  if (decision.after == record.user) return absl::OkStatus();
  const int64_t left =
      CountOnlyInFirst(record.user.groups, decision.after.groups);
  Add(left, &v1::RunCounters::memberships_removed,
      &v1::RunCounters::set_memberships_removed, &work_.counters());
  return Write(&record, decision,
               Marked(record.mark, work_.run.name(), decision, 0, left));
}

absl::Status UserSync::Remove(const UserRecord& record,
                              const SourceView& view) {
  if (LeavesPinned(record.user)) return absl::OkStatus();
  const UserDecision decision = DecideAbsent(record.user, work_.rules, now_);
  outcome_.fate = decision.fate;
  outcome_.user_id = record.user.id;
  v1::RunCounters& counters = work_.counters();
  const int64_t left =
      CountOnlyInFirst(record.user.groups, decision.after.groups);
  Add(left, &v1::RunCounters::memberships_removed,
      &v1::RunCounters::set_memberships_removed, &counters);
  if (decision.fate == Fate::kRemove) {
    Add(1, &v1::RunCounters::users_removed, &v1::RunCounters::set_users_removed,
        &counters);
  } else if (decision.fate == Fate::kDropClaim) {
    Add(1, &v1::RunCounters::users_updated, &v1::RunCounters::set_users_updated,
        &counters);
  } else if (decision.fate == Fate::kHold) {
    Keep();
  }
  if (decision.after == record.user) return absl::OkStatus();
  const absl::Time reading = read_time_;
  SetEvidence(view.evidence);
  const absl::Status written =
      Write(&record, decision,
            Marked(record.mark, work_.run.name(), decision, 0, left));
  evidence_.reset();
  read_time_ = reading;
  return written;
}

reconciliation::Withheld UserSync::HoldParts(
    const std::string& user_id, const std::string& source_id,
    const reconciliation::Withheld& wanted) {
  reconciliation::Withheld due;
  store::WithheldRow held;
  held.set_user_id(user_id);
  due.clear_email = wanted.clear_email;
  if (due.clear_email && work_.IsHeld(Danger::kEmailsCleared)) {
    due.clear_email = false;
    store::WithheldRow part = held;
    part.set_clear_email(true);
    Hold(Danger::kEmailsCleared, source_id, part);
  }
  due.disable = wanted.disable;
  if (due.disable && work_.IsHeld(Danger::kDisabled)) {
    due.disable = false;
    store::WithheldRow part = held;
    part.set_disable(true);
    Hold(Danger::kDisabled, source_id, part);
  }
  store::WithheldRow emptying = held;
  for (const std::string& group : wanted.leave_groups) {
    if (absl::c_linear_search(work_.scope.emptied_groups(), group)) {
      emptying.add_leave_groups(group);
    } else {
      due.leave_groups.push_back(group);
    }
  }
  if (!emptying.leave_groups().empty()) {
    Hold(Danger::kGroupsEmptied, source_id, emptying);
  }
  return due;
}

absl::Status UserSync::CarryOutDue(const UserRecord& record,
                                   const std::string& source_id,
                                   const store::WithheldRow& row) {
  reconciliation::Withheld wanted;
  // An email is cleared by what a reading says, the rest by what it does not.
  wanted.clear_email = row.clear_email();
  if (work_.place.complete()) {
    wanted.disable = row.disable();
    wanted.leave_groups.assign(row.leave_groups().begin(),
                               row.leave_groups().end());
  }
  const reconciliation::Withheld due =
      HoldParts(record.user.id, source_id, wanted);
  const UserDecision decision = DecideWithheld(record.user, due, now_);
  const int64_t left =
      CountOnlyInFirst(record.user.groups, decision.after.groups);
  // Who has been counted already only adds what is new.
  store::UserMarkRow added =
      Marked(store::UserMarkRow(), work_.run.name(), decision, 0, left);
  v1::RunCounters& counters = work_.counters();
  if (row.uncounted()) {
    CountSeen(added, &counters);
  } else {
    CountChanges(added, &counters);
  }
  if (decision.fate == Fate::kUnchanged) return absl::OkStatus();
  return Write(&record, decision,
               Marked(record.mark, work_.run.name(), decision, 0, left));
}

absl::StatusOr<bool> UserSync::LeaveGroups(const UserRecord& record,
                                           std::vector<std::string> groups,
                                           const std::string& rule) {
  if (IsPinned(record.user)) return false;
  reconciliation::Withheld due;
  due.leave_groups = std::move(groups);
  UserDecision decision = DecideWithheld(record.user, due, now_);
  if (decision.fate == Fate::kUnchanged) return true;
  decision.rules = {rule};
  const int64_t left =
      CountOnlyInFirst(record.user.groups, decision.after.groups);
  Add(left, &v1::RunCounters::memberships_removed,
      &v1::RunCounters::set_memberships_removed, &work_.counters());
  RETURN_IF_ERROR(
      Write(&record, decision,
            Marked(record.mark, work_.run.name(), decision, 0, left)));
  return true;
}

}  // namespace rollcall::reconciliation
