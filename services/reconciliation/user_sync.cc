#include "services/reconciliation/user_sync.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/user_marks.h"
#include "services/reconciliation/username_form.h"

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

// How many of `first` are not in `second`; both in order.
int64_t CountOnlyInFirst(const std::vector<std::string>& first,
                         const std::vector<std::string>& second) {
  std::vector<absl::string_view> rest;
  std::set_difference(first.begin(), first.end(), second.begin(), second.end(),
                      std::back_inserter(rest));
  return static_cast<int64_t>(rest.size());
}

}  // namespace

absl::Status UserSync::Write(const UserRecord* before,
                             const UserDecision& decision,
                             const store::UserMarkRow& mark) {
  RETURN_IF_ERROR(transaction_.PutUser(
      before == nullptr ? nullptr : &before->user, decision.after, mark));
  v1::ChangeEvent event = MakeEvent(
      work_, now_, decision.rules.empty() ? "R66" : decision.rules.front());
  event.mutable_user_change()->set_kind(KindOf(decision.fate));
  *event.mutable_user_change()->mutable_user() =
      ToMessage(decision.after, work_.account());
  transaction_.AppendEvent(std::move(event));
  return absl::OkStatus();
}

absl::Status UserSync::Seen(const DesiredUser& desired,
                            const std::string& linked_id) {
  v1::RunCounters& counters = work_.counters();
  counters.set_users_seen(counters.users_seen() + 1);

  absl::optional<UserRecord> before;
  SeenFacts facts;
  if (!linked_id.empty()) {
    ASSIGN_OR_RETURN(before, transaction_.identities().FindUser(linked_id));
    if (!before.has_value()) {
      return DataLoss("INDEX_DANGLING",
                      absl::StrCat("The index users_by_source leads to ",
                                   linked_id, ", which does not exist."),
                      {{"user", linked_id}});
    }
    facts.linked = &before->user;
    const Claim* claim = before->user.ClaimOf(work_.directory());
    if (claim == nullptr) {
      return DataLoss("CLAIM_MISSING",
                      absl::StrCat("User ", linked_id,
                                   " is indexed under a directory that does "
                                   "not claim it."),
                      {{"user", linked_id}});
    }
    absl::optional<std::string> wanted =
        UsernameAfterSwitch(before->user.username, claim->username_origin,
                            work_.rules.normalization);
    if (wanted.has_value()) {
      ASSIGN_OR_RETURN(absl::optional<UserRecord> other,
                       transaction_.identities().FindUserByUsername(*wanted));
      facts.rename_is_taken = other.has_value();
    }
  } else if (!desired.username.empty()) {
    ASSIGN_OR_RETURN(
        before, transaction_.identities().FindUserByUsername(desired.username));
    if (before.has_value()) facts.namesake = &before->user;
  }

  UserDecision decision = DecideSeen(desired, facts, work_.rules, now_);
  for (const std::string& warning : decision.warnings) {
    ++(*counters.mutable_warnings())[warning];
  }
  if (decision.fate == Fate::kSkip) {
    counters.set_users_skipped(counters.users_skipped() + 1);
    ++(*counters.mutable_skipped())[decision.reason];
    return absl::OkStatus();
  }
  if (decision.fate == Fate::kCreate) decision.after.id = make_id_();

  const bool known = before.has_value();
  const std::vector<std::string> no_groups;
  const std::vector<std::string>& groups_before =
      known ? before->user.groups : no_groups;
  store::UserMarkRow mark =
      Marked(known ? before->mark : store::UserMarkRow(), work_.run.name(),
             decision, CountOnlyInFirst(decision.after.groups, groups_before),
             CountOnlyInFirst(groups_before, decision.after.groups));
  if (decision.fate != Fate::kUnchanged) {
    RETURN_IF_ERROR(Write(known ? &*before : nullptr, decision, mark));
  }

  const bool uncounted = !decision.withheld.empty() &&
                         mark.outcome() == store::UserMarkRow::UNCHANGED;
  if (!uncounted) CountSeen(mark, &counters);
  if (decision.withheld.empty()) return absl::OkStatus();

  store::WithheldRow row;
  row.set_user_id(decision.after.id);
  row.set_disable(decision.withheld.disable);
  for (const std::string& group : decision.withheld.leave_groups) {
    row.add_leave_groups(group);
  }
  row.set_uncounted(uncounted);
  return Withhold(desired.source_id, row);
}

absl::Status UserSync::Absent(const std::string& source_id,
                              const std::string& user_id) {
  ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                   transaction_.identities().FindUser(user_id));
  if (!record.has_value()) {
    return DataLoss("INDEX_DANGLING",
                    absl::StrCat("The index users_by_source leads to ", user_id,
                                 ", which does not exist."),
                    {{"user", user_id}});
  }
  if (record->user.pending_deletion()) return absl::OkStatus();  // R63
  store::WithheldRow row;
  row.set_user_id(user_id);
  row.set_absent(true);
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

absl::Status UserSync::Withheld(const std::string& source_id,
                                const store::WithheldRow& row) {
  transaction_.Delete(keys::Withheld(work_.directory(), work_.name.id(),
                                     work_.place.attempt(), source_id));
  work_.place.set_withheld_done(work_.place.withheld_done() + 1);
  ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                   transaction_.identities().FindUser(row.user_id()));
  // Another directory's run or a purge may have changed the user since.
  const Claim* claim =
      record.has_value() ? record->user.ClaimOf(work_.directory()) : nullptr;
  const bool still_ours = claim != nullptr && claim->source_id == source_id;
  if (row.absent()) {
    return still_ours ? CarryOutAbsent(*record) : absl::OkStatus();
  }
  if (still_ours && work_.place.complete()) return CarryOutDue(*record, row);
  if (row.uncounted()) CountSeen(store::UserMarkRow(), &work_.counters());
  return absl::OkStatus();
}

absl::Status UserSync::CarryOutAbsent(const UserRecord& record) {
  v1::RunCounters& counters = work_.counters();
  if (!work_.place.complete()) {
    counters.set_users_kept(counters.users_kept() + 1);  // R30
    return absl::OkStatus();
  }
  const UserDecision decision = DecideAbsent(record.user, work_.rules, now_);
  const int64_t left =
      CountOnlyInFirst(record.user.groups, decision.after.groups);
  counters.set_memberships_removed(counters.memberships_removed() + left);
  switch (decision.fate) {
    case Fate::kRemove:
      counters.set_users_removed(counters.users_removed() + 1);
      break;
    case Fate::kDropClaim:
      counters.set_users_updated(counters.users_updated() + 1);
      break;
    case Fate::kHold:
      counters.set_users_kept(counters.users_kept() + 1);
      break;
    default:
      break;
  }
  if (decision.after == record.user) return absl::OkStatus();
  return Write(&record, decision,
               Marked(record.mark, work_.run.name(), decision, 0, left));
}

absl::Status UserSync::CarryOutDue(const UserRecord& record,
                                   const store::WithheldRow& row) {
  reconciliation::Withheld due;
  due.disable = row.disable();
  due.leave_groups.assign(row.leave_groups().begin(), row.leave_groups().end());
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
    counters.set_users_disabled(counters.users_disabled() + added.disabled());
    counters.set_memberships_removed(counters.memberships_removed() + left);
  }
  if (decision.fate == Fate::kUnchanged) return absl::OkStatus();
  return Write(&record, decision,
               Marked(record.mark, work_.run.name(), decision, 0, left));
}

absl::Status UserSync::LeaveGroup(const UserRecord& record,
                                  const std::string& group,
                                  const std::string& rule) {
  reconciliation::Withheld due;
  due.leave_groups = {group};
  UserDecision decision = DecideWithheld(record.user, due, now_);
  if (decision.fate == Fate::kUnchanged) return absl::OkStatus();
  decision.rules = {rule};
  v1::RunCounters& counters = work_.counters();
  counters.set_memberships_removed(counters.memberships_removed() + 1);
  return Write(&record, decision,
               Marked(record.mark, work_.run.name(), decision, 0, 1));
}

}  // namespace rollcall::reconciliation
