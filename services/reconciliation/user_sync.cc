#include "services/reconciliation/user_sync.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/collision_desk.h"
#include "services/reconciliation/collision_notes.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/revert_history.h"
#include "services/reconciliation/user_marks.h"

namespace rollcall::reconciliation {
namespace {

v1::UserChange::Kind KindOf(Fate fate) {
  switch (fate) {
    case Fate::kCreate:
    case Fate::kMerge:
      return v1::UserChange::CREATED;
    case Fate::kRestore:
      return v1::UserChange::RESTORED;
    case Fate::kRemove:
      return v1::UserChange::REMOVED;
    default:
      return v1::UserChange::UPDATED;
  }
}

absl::Status Dangling(const std::string& user_id) {
  return DataLoss("INDEX_DANGLING",
                  absl::StrCat("The index users_by_source leads to ", user_id,
                               ", which does not exist."),
                  {{"user", user_id}});
}

}  // namespace

store::DesiredRow ToRow(const DesiredUser& desired) {
  store::DesiredRow row;
  row.set_user_principal_name(desired.user_principal_name);
  row.set_username(desired.username);
  row.set_display_name(desired.display_name);
  row.set_email(desired.email);
  row.set_enabled(desired.enabled);
  for (const std::string& phone : desired.phones) row.add_phones(phone);
  row.set_has_phone_data(desired.has_phone_data);
  for (const std::string& group : desired.groups) row.add_groups(group);
  row.set_username_collides(desired.username_collides);
  return row;
}

UserSync::UserSync(RunWork& work, Transaction& transaction, absl::Time now,
                   const std::function<std::string()>& make_id)
    : work_(work),
      transaction_(transaction),
      now_(now),
      make_id_(make_id),
      read_time_(FromTimestamp(work.run.read_time())),
      at_once_(work.at_once),
      has_proof_(work.place.complete()) {}

void UserSync::SetEvidence(const v1::Evidence& evidence) {
  evidence_ = evidence;
  read_time_ = FromTimestamp(evidence.read_time());
}

bool UserSync::IsNewer(const Claim& claim) const {
  return IsFromNewerReading(claim.read_time, read_time_, now_);
}

bool UserSync::IsPinned(const User& user) const {
  const bool is_lifted =
      work_.is_rehearsal && user.pinned_by == work_.directory();
  return !user.pinned_by.empty() && !is_lifted;
}

bool UserSync::LeavesPinned(const User& user) {
  if (!IsPinned(user)) return false;
  outcome_.pinned = true;
  outcome_.user_id = user.id;
  Add(1, &v1::RunCounters::users_pinned, &v1::RunCounters::set_users_pinned,
      &work_.counters());
  return true;
}

// The user gets the time of the reading that has decided about it, unless a
// newer one has: this one only adds to it then (R80).
void UserSync::StampReading(User& user) const {
  for (Claim& claim : user.claims) {
    if (claim.directory != work_.directory() || IsNewer(claim)) continue;
    claim.read_time = read_time_;
  }
}

absl::Status UserSync::Write(const UserRecord* before, UserDecision decision,
                             const store::UserMarkRow& mark) {
  User& after = decision.after;
  StampReading(after);
  if (before != nullptr) {
    RETURN_IF_ERROR(KeepBefore(before->user, work_.run.name(), transaction_));
    CountTaken(before->user, after, &work_.taken);
  }
  RETURN_IF_ERROR(transaction_.PutUser(
      before == nullptr ? nullptr : &before->user, after, mark));
  v1::ChangeEvent event = MakeEvent(
      work_, now_, decision.rules.empty() ? "R66" : decision.rules.front());
  if (evidence_.has_value()) *event.mutable_evidence() = *evidence_;
  event.mutable_user_change()->set_kind(KindOf(decision.fate));
  *event.mutable_user_change()->mutable_user() =
      ToMessage(after, work_.account());
  transaction_.AppendEvent(std::move(event));
  return absl::OkStatus();
}

absl::Status UserSync::Seen(const DesiredUser& desired,
                            const std::string& linked_id) {
  Add(1, &v1::RunCounters::users_seen, &v1::RunCounters::set_users_seen,
      &work_.counters());
  if (at_once_) {
    if (work_.has_held && has_proof_) DropHeld(desired.source_id);
    return Follow(desired, linked_id, /*may_merge=*/true);
  }
  const int64_t withheld = work_.place.withheld_count();
  RETURN_IF_ERROR(Follow(desired, linked_id, /*may_merge=*/false));
  if (work_.place.withheld_count() > withheld) return absl::OkStatus();
  return WithholdNothing(desired.source_id, linked_id);
}

absl::StatusOr<SeenFacts> UserSync::FactsOf(
    const DesiredUser& desired, const absl::optional<UserRecord>& linked,
    bool may_wait, absl::optional<UserRecord>* namesake) const {
  SeenFacts facts;
  if (work_.has_decisions) {
    ASSIGN_OR_RETURN(
        facts.desk,
        FindDecision(transaction_.reader(), work_.account(), work_.directory(),
                     kDeskUsers, desired.source_id));
  }
  const IdentityReader& identities = transaction_.identities();
  if (!linked.has_value()) {
    const std::string& wanted = WantedUsername(desired, facts.desk);
    if (wanted.empty()) return facts;
    if (transaction_.MayBeTaken(wanted)) {
      ASSIGN_OR_RETURN(*namesake, identities.FindUserByUsername(wanted));
      if (namesake->has_value()) facts.namesake = &(*namesake)->user;
    }
    if (!may_wait) return facts;
    ASSIGN_OR_RETURN(facts.is_awaited, IsAwaited(wanted));
    facts.username_may_come_free =
        !facts.is_awaited && facts.namesake != nullptr &&
        facts.namesake->ClaimOf(work_.directory()) != nullptr;
    return facts;
  }
  facts.linked = &linked->user;
  const absl::optional<Rename> rename =
      WantedRename(desired, linked->user, work_.rules, facts.desk);
  if (rename.has_value()) {
    ASSIGN_OR_RETURN(absl::optional<UserRecord> other,
                     identities.FindUserByUsername(rename->username));
    if (may_wait) {
      ASSIGN_OR_RETURN(facts.is_awaited, IsAwaited(rename->username));
    }
    facts.rename_is_taken = other.has_value() || facts.is_awaited;
    facts.rename_may_come_free =
        may_wait && !facts.is_awaited && other.has_value() &&
        other->user.ClaimOf(work_.directory()) != nullptr;
  }
  return facts;
}

// What the model would do, whatever was decided: the names are looked up once
// more only where a decision or a collision makes them differ, which is rare.
absl::Status UserSync::Note(const DesiredUser& desired,
                            const SeenFacts& facts) {
  const IdentityReader& identities = transaction_.identities();
  UserMeeting meeting;
  meeting.linked = facts.linked;
  meeting.namesake = facts.namesake;
  meeting.tells_linked = work_.run.plan_only();
  meeting.waits =
      (facts.rename_may_come_free || facts.username_may_come_free) &&
      (facts.desk.choice == DeskChoice::kPreset ||
       facts.desk.choice == DeskChoice::kAdopt);
  absl::optional<UserRecord> other;
  const bool is_renamed = facts.desk.choice == DeskChoice::kRename;
  meeting.is_awaited = facts.is_awaited && !is_renamed;
  if (facts.linked == nullptr && is_renamed && !desired.username.empty()) {
    ASSIGN_OR_RETURN(other, identities.FindUserByUsername(desired.username));
    meeting.namesake = other.has_value() ? &other->user : nullptr;
  } else if (facts.linked != nullptr && (facts.rename_is_taken || is_renamed)) {
    const absl::optional<Rename> preset =
        WantedRename(desired, *facts.linked, work_.rules, DeskDecision());
    if (preset.has_value()) {
      ASSIGN_OR_RETURN(other, identities.FindUserByUsername(preset->username));
      meeting.in_the_way = other.has_value() ? &other->user : nullptr;
    }
  }
  PutNotes(NotesOf(desired, meeting, work_.rules), desired.source_id,
           desired.user_principal_name, facts.desk, work_.name, transaction_);
  return absl::OkStatus();
}

absl::Status UserSync::Follow(const DesiredUser& desired,
                              const std::string& linked_id, bool may_merge) {
  v1::RunCounters& counters = work_.counters();
  outcome_ = UserOutcome();
  absl::optional<UserRecord> linked, namesake;
  if (!linked_id.empty()) {
    ASSIGN_OR_RETURN(linked, transaction_.identities().FindUser(linked_id));
    if (!linked.has_value()) return Dangling(linked_id);
    const Claim* claim = linked->user.ClaimOf(work_.directory());
    if (claim == nullptr) {
      return DataLoss("CLAIM_MISSING",
                      absl::StrCat("User ", linked_id,
                                   " is indexed under a directory that does "
                                   "not claim it."),
                      {{"user", linked_id}});
    }
    if (IsNewer(*claim)) return WithholdLook(desired.source_id, linked_id);
  }
  const bool may_wait = !at_once_ && !may_merge;
  ASSIGN_OR_RETURN(const SeenFacts facts,
                   FactsOf(desired, linked, may_wait, &namesake));
  if (!may_merge) RETURN_IF_ERROR(Note(desired, facts));
  const absl::optional<UserRecord>& before =
      linked.has_value() ? linked : namesake;

  UserDecision decision = DecideSeen(desired, facts, work_.rules, now_);
  if (decision.fate == Fate::kWait) {
    return WithholdCreation(desired, WantedUsername(desired, facts.desk));
  }
  if (before.has_value() && decision.fate != Fate::kSkip &&
      LeavesPinned(before->user)) {
    CountSeen(store::UserMarkRow(), &counters);
    return absl::OkStatus();
  }
  if (at_once_ && has_proof_) {
    decision.withheld =
        HoldParts(decision.after.id, desired.source_id, decision.withheld);
    decision = WithTaking(std::move(decision), now_);
  }
  for (const std::string& warning : decision.warnings) {
    if (was_met_) break;
    ++(*counters.mutable_warnings())[warning];
  }
  outcome_.fate = decision.fate;
  outcome_.reason = decision.reason;
  outcome_.kept = at_once_ && !decision.withheld.empty();
  if (decision.fate == Fate::kSkip) {
    CountSkipped(decision.reason);
    return absl::OkStatus();
  }
  const bool overwrites_manual =
      namesake.has_value() && namesake->user.claims.empty();
  if (overwrites_manual && !may_merge) {
    // The guard counts these before they happen (B2).
    store::WithheldRow row;
    row.set_user_id(before->user.id);
    *row.mutable_merge() = ToRow(desired);
    row.set_uncounted(true);
    return Withhold(desired.source_id, row);
  }
  if (decision.fate == Fate::kCreate) decision.after.id = make_id_();
  outcome_.user_id = decision.after.id;

  const auto withheld = decision.withheld;
  const absl::optional<Rename> waiting = decision.waiting;
  const std::string name_until_then =
      waiting.has_value() ? decision.after.username : std::string();
  const bool known = before.has_value();
  const std::vector<std::string> no_groups;
  const std::vector<std::string>& groups_before =
      known ? before->user.groups : no_groups;
  store::UserMarkRow mark =
      Marked(known ? before->mark : store::UserMarkRow(), work_.run.name(),
             decision, CountOnlyInFirst(decision.after.groups, groups_before),
             CountOnlyInFirst(groups_before, decision.after.groups));
  if (decision.fate != Fate::kUnchanged) {
    RETURN_IF_ERROR(
        Write(known ? &*before : nullptr, std::move(decision), mark));
  } else if (at_once_ && known) {
    // Says that an older reading must not change the user any more.
    StampReading(decision.after);
    RETURN_IF_ERROR(transaction_.PutUser(&before->user, decision.after, mark));
  }

  const bool waits = waiting.has_value();
  const bool withholds = (waits || !withheld.empty()) && !at_once_;
  const bool uncounted =
      withholds && mark.outcome() == store::UserMarkRow::UNCHANGED;
  if (is_counted_) {
    CountChanges(mark, &counters);
  } else if (!uncounted) {
    CountSeen(mark, &counters);
  }
  if (!withholds) return absl::OkStatus();

  store::WithheldRow row;
  row.set_user_id(outcome_.user_id);
  row.set_disable(withheld.disable);
  row.set_clear_email(withheld.clear_email);
  for (const std::string& group : withheld.leave_groups) {
    row.add_leave_groups(group);
  }
  row.set_uncounted(uncounted);
  if (waits) Await(name_until_then, *waiting, &row);
  return Withhold(desired.source_id, row);
}

absl::Status UserSync::Absent(const std::string& source_id,
                              const std::string& user_id) {
  ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                   transaction_.identities().FindUser(user_id));
  if (!record.has_value()) return Dangling(user_id);
  if (record->user.pending_deletion()) {  // R63
    return WithholdNothing(source_id, user_id);
  }
  if (LeavesPinned(record->user)) return WithholdNothing(source_id, user_id);
  store::WithheldRow row;
  row.set_user_id(user_id);
  row.set_absent(true);
  return Withhold(source_id, row);
}

absl::Status UserSync::WithholdNothing(const std::string& source_id,
                                       const std::string& user_id) {
  if (!work_.has_held) return absl::OkStatus();
  for (const Danger danger : kDangers) {
    ASSIGN_OR_RETURN(const absl::optional<std::string> held,
                     transaction_.reader().Get(
                         work_.account(),
                         keys::HeldRow(work_.directory(),
                                       static_cast<int>(danger), source_id)));
    if (!held.has_value()) continue;
    store::WithheldRow row;
    row.set_user_id(user_id);
    return Withhold(source_id, row);
  }
  return absl::OkStatus();
}

// The time of a reading is that of its beginning; what it says may be as of its
// end. So the source is asked when the reading is over.
absl::Status UserSync::WithholdLook(const std::string& source_id,
                                    const std::string& user_id) {
  outcome_.user_id = user_id;
  store::WithheldRow row;
  row.set_user_id(user_id);
  row.set_look_again(true);
  row.set_uncounted(true);
  return Withhold(source_id, row);
}

absl::Status UserSync::Withhold(const std::string& source_id,
                                const store::WithheldRow& row) {
  transaction_.Put(keys::Withheld(work_.directory(), work_.name.id(),
                                  work_.place.attempt(), source_id),
                   row);
  work_.place.set_withheld_count(work_.place.withheld_count() + 1);
  return absl::OkStatus();
}

void UserSync::DropHeld(const std::string& source_id) {
  for (const Danger danger : kDangers) {
    transaction_.Delete(
        keys::HeldRow(work_.directory(), static_cast<int>(danger), source_id));
  }
}

}  // namespace rollcall::reconciliation
