#include "services/reconciliation/run_reverting.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/group_diff.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/plan_store.pb.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/revert_decision.h"
#include "services/reconciliation/revert_history.h"
#include "services/reconciliation/run_ending.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/run_steps.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::GetMessage;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;

// Events that are looked at in one batch.
constexpr int kEventsPerBatch = 2000;
// Users who have each other's names are put back in one batch: so many at most.
constexpr size_t kMaxWays = 200;

v1::UserChange::Kind KindOf(const User& before, const User& after) {
  if (before.pending_deletion() == after.pending_deletion()) {
    return v1::UserChange::UPDATED;
  }
  return after.pending_deletion() ? v1::UserChange::REMOVED
                                  : v1::UserChange::RESTORED;
}

// Events up to this one are not known any more.
absl::StatusOr<int64_t> DroppedSequence(const Transaction& transaction) {
  ASSIGN_OR_RETURN(
      const absl::optional<store::HeadRow> head,
      GetMessage<store::HeadRow>(transaction.reader(), transaction.account(),
                                 keys::Head()));
  return head.has_value() ? head->dropped_sequence() : 0;
}

// One batch of an undoing. One thread.
class Reverting {
 public:
  Reverting(absl::Time now, RunWork& work, Transaction& transaction)
      : now_(now), work_(work), transaction_(transaction) {}

  // An event of the run that is undone.
  absl::Status Undo(int64_t sequence, const v1::ChangeEvent& event) {
    if (event.has_group_change()) {
      ++(*work_.counters().mutable_warnings())["GROUP_KEPT"];
      return absl::OkStatus();
    }
    if (!event.has_user_change()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const UserName name,
                     UserName::Parse(event.user_change().user().name()));
    ASSIGN_OR_RETURN(const absl::optional<RevertHistory> history,
                     HistoryOf(name.id()));
    if (!history.has_value()) return Leave("HISTORY_LOST");
    // Done with it, or has gone out of somebody's way.
    if (history->first != sequence || history->is_reverted) {
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const absl::optional<UserRecord> record,
                     transaction_.identities().FindUser(name.id()));
    if (!record.has_value()) return Leave("PURGED");
    if (IsPutBack(record->mark)) return absl::OkStatus();
    if (history->is_changed_since) return Leave("CHANGED_SINCE");
    if (history->is_created) {
      return Write(record->user,
                   Uncreated(record->user, work_.directory(), now_));
    }
    if (!history->before.has_value()) return Leave("HISTORY_LOST");
    return PutBack({record->user, *history->before});
  }

 private:
  struct Way {
    User now_is;
    User before;
  };

  absl::Status Leave(const std::string& reason) {
    ++(*work_.counters().mutable_not_reverted())[reason];
    return absl::OkStatus();
  }

  absl::StatusOr<absl::optional<RevertHistory>> HistoryOf(
      const std::string& id) const {
    return ReadRevertHistory(work_.account(), id, work_.run.reverted_run(),
                             work_.run.name(), transaction_.reader());
  }

  // In this batch, which the user's history does not show yet.
  bool IsPutBack(const store::UserMarkRow& mark) const {
    return mark.run() == work_.run.name();
  }

  // Whoever has the name by now is put back first, if that is what he has it
  // from: the run may have passed names on, or swapped them.
  absl::Status PutBack(Way first) {
    std::vector<Way> ways;
    ways.push_back(std::move(first));
    while (true) {
      const Way& last = ways.back();
      ASSIGN_OR_RETURN(const bool is_taken, IsLinkTaken(last));
      if (is_taken) return Leave("NAME_TAKEN");
      ASSIGN_OR_RETURN(
          const absl::optional<UserRecord> holder,
          transaction_.identities().FindUserByUsername(last.before.username));
      const bool is_free = !holder.has_value() ||
                           holder->user.id == last.now_is.id ||
                           holder->user.id == ways.front().now_is.id;
      if (is_free) break;
      ASSIGN_OR_RETURN(const absl::optional<User> before,
                       GoesOutOfTheWay(*holder));
      if (!before.has_value() || ways.size() == kMaxWays) {
        return Leave("NAME_TAKEN");
      }
      ways.push_back({holder->user, *before});
    }
    for (auto way = ways.rbegin(); way != ways.rend(); ++way) {
      RETURN_IF_ERROR(FindGroups(way->before));
      RETURN_IF_ERROR(Write(way->now_is, Reverted(way->now_is, way->before,
                                                  work_.directory(), now_)));
    }
    return absl::OkStatus();
  }

  // What the user will be; none if he keeps the name that he has.
  absl::StatusOr<absl::optional<User>> GoesOutOfTheWay(
      const UserRecord& holder) const {
    if (IsPutBack(holder.mark)) return absl::optional<User>();
    ASSIGN_OR_RETURN(const absl::optional<RevertHistory> history,
                     HistoryOf(holder.user.id));
    const bool goes = history.has_value() && !history->is_reverted &&
                      !history->is_changed_since &&
                      history->before.has_value() &&
                      history->before->username != holder.user.username;
    return goes ? history->before : absl::nullopt;
  }

  // Whether somebody else is linked to an object of the source by now.
  absl::StatusOr<bool> IsLinkTaken(const Way& way) const {
    for (const Claim& claim : way.before.claims) {
      ASSIGN_OR_RETURN(const absl::optional<UserRecord> linked,
                       transaction_.identities().FindUserBySource(
                           claim.directory, claim.source_id));
      if (linked.has_value() && linked->user.id != way.now_is.id) return true;
    }
    return false;
  }

  // A group that was deleted since does not come back for its members; of one
  // that was taken over since they are strangers, who leave it when the next
  // plan has lifted their pin (R45, R46).
  absl::Status FindGroups(User& before) const {
    std::vector<std::string> existing;
    for (std::string& group : before.groups) {
      ASSIGN_OR_RETURN(const absl::optional<GroupRecord> record,
                       transaction_.identities().FindGroup(group));
      if (!record.has_value()) continue;
      RETURN_IF_ERROR(LetIn(before, *record));
      existing.push_back(std::move(group));
    }
    before.groups = std::move(existing);
    return absl::OkStatus();
  }

  absl::Status LetIn(const User& user, const GroupRecord& record) const {
    const Group& group = record.group;
    const bool is_new_stranger = !group.directory.empty() &&
                                 !group.has_strangers &&
                                 IsStranger(user, group.directory);
    if (!is_new_stranger) return absl::OkStatus();
    Group after = group;
    after.has_strangers = true;
    return transaction_.PutGroup(&group, after, record.mark);
  }

  absl::Status Write(const User& before, const User& after) {
    store::UserMarkRow mark;
    mark.set_run(work_.run.name());
    mark.set_outcome(store::UserMarkRow::UPDATED);
    RETURN_IF_ERROR(transaction_.PutUser(&before, after, mark));
    v1::ChangeEvent event = MakeEvent(work_, now_, "B5");
    event.mutable_user_change()->set_kind(KindOf(before, after));
    *event.mutable_user_change()->mutable_user() =
        ToMessage(after, work_.account());
    transaction_.AppendEvent(std::move(event));
    v1::RunCounters& counters = work_.counters();
    counters.set_users_reverted(counters.users_reverted() + 1);
    return absl::OkStatus();
  }

  const absl::Time now_;
  RunWork& work_;
  Transaction& transaction_;
};

// True if nothing is left. The place is how far the feed is looked through, and
// ends where it was when this run began.
absl::StatusOr<bool> RevertSome(const RunEngineOptions& options,
                                RunWork& work) {
  ASSIGN_OR_RETURN(auto transaction, Begin(options, work));
  ASSIGN_OR_RETURN(const int64_t dropped, DroppedSequence(*transaction));
  if (dropped > work.place.withheld_done()) {
    AddProblem({"RUN_HISTORY_LOST",
                absl::StrCat("Some of what ", work.run.reverted_run(),
                             " has done became too old to be known before it "
                             "was undone.")},
               work);
    work.place.set_withheld_done(dropped);
  }
  Reverting reverting(options.clock.TimeNow(), work, *transaction);
  MessageCursor<store::EventRow> events(
      transaction->reader(), work.account(),
      KeyRange::PrefixAfter(keys::Table("changes"),
                            keys::Feed(work.place.withheld_done())));
  bool is_done = false;
  for (int i = 0; i < kEventsPerBatch && !IsFull(options, *transaction); ++i) {
    ASSIGN_OR_RETURN(auto row, events.Next());
    int64_t sequence = 0;
    if (row.has_value()) {
      RETURN_IF_ERROR(
          KeyReader(row->key).Table("changes").Int64(&sequence).Finish());
    }
    is_done = !row.has_value() || sequence > work.place.withheld_count();
    if (is_done) break;
    work.place.set_withheld_done(sequence);
    const v1::ChangeEvent& event = row->message.event();
    if (event.run() == work.run.reverted_run()) {
      RETURN_IF_ERROR(reverting.Undo(sequence, event));
    }
  }
  SetProgress(work.place.withheld_done(), work.place.withheld_count(), work);
  SaveProgress(work, *transaction);
  RETURN_IF_ERROR(transaction->Commit());
  transaction.reset();
  Show(options, work);
  return is_done;
}

absl::Status CheckRevertible(const v1::Run& run, const RunReader& runs) {
  const bool has_acted = run.state() != v1::Run::RUNNING && !run.plan_only();
  if (!has_acted || run.kind() == v1::Run::REVERT) {
    return FailedPrecondition(
        "RUN_NOT_REVERTIBLE",
        absl::StrCat(run.name(), " is ", v1::Run::State_Name(run.state()),
                     run.plan_only() ? ", a plan" : "", " and of kind ",
                     v1::Run::Kind_Name(run.kind()),
                     "; only what a run has done can be undone, and once."),
        {{"run", run.name()}});
  }
  if (run.reverted_by().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const RunName name, RunName::Parse(run.reverted_by()));
  ASSIGN_OR_RETURN(const absl::optional<v1::Run> revert,
                   runs.FindRun(name.directory().id(), name.id()));
  const bool may_go_on =
      revert.has_value() && (revert->state() == v1::Run::FAILED ||
                             revert->state() == v1::Run::CANCELLED);
  if (may_go_on) return absl::OkStatus();
  return FailedPrecondition(
      "RUN_REVERTED",
      absl::StrCat(run.name(), " is undone by ", run.reverted_by(), "."),
      {{"run", run.name()}, {"reverted_by", run.reverted_by()}});
}

}  // namespace

absl::StatusOr<v1::Run> StartRevert(const RunName& reverted,
                                    const std::string& run_id,
                                    const store::ScopeRow& scope,
                                    absl::Time now, IdentityStore& store) {
  const std::string& directory = reverted.directory().id();
  const RunName name(reverted.directory(), run_id);
  ASSIGN_OR_RETURN(auto transaction, store.Begin(reverted.account().id()));
  ASSIGN_OR_RETURN(absl::optional<v1::Run> known,
                   transaction->runs().FindRun(directory, reverted.id()));
  if (!known.has_value()) {
    return NotFound("RUN_NOT_FOUND",
                    absl::StrCat("There is no run ", reverted.ToString(), "."),
                    {{"run", reverted.ToString()}});
  }
  RETURN_IF_ERROR(CheckRevertible(*known, transaction->runs()));
  RETURN_IF_ERROR(CheckMayStart(name, *transaction));
  ASSIGN_OR_RETURN(const absl::optional<store::RunBeginRow> begin,
                   GetMessage<store::RunBeginRow>(
                       transaction->reader(), transaction->account(),
                       keys::RunBegin(directory, reverted.id())));
  ASSIGN_OR_RETURN(const int64_t dropped, DroppedSequence(*transaction));
  if (dropped > (begin.has_value() ? begin->sequence() : 0)) {
    return FailedPrecondition(
        "RUN_HISTORY_LOST",
        absl::StrCat("What ", known->name(),
                     " has done is too old to be known, and to be undone."),
        {{"run", known->name()}});
  }

  v1::Run run = NewRun(name, v1::Run::REVERT, now);
  run.set_phase(v1::Run::REMOVING);
  run.set_reverted_run(known->name());
  RETURN_IF_ERROR(PutNewRun(name, run, now, *transaction));
  PutRunning(name, *transaction);
  store::PlaceRow place;
  place.set_phase(store::PlaceRow::REMOVING);
  place.set_attempt(1);
  if (begin.has_value()) place.set_withheld_done(begin->sequence());
  place.set_withheld_count(transaction->begin_sequence());
  transaction->Put(keys::Place(directory, run_id), place);
  transaction->Put(keys::Scope(directory, run_id), scope);
  known->set_reverted_by(run.name());
  store::RunRow row;
  *row.mutable_run() = *std::move(known);
  transaction->Put(keys::Run(directory, reverted.id()), row);
  RETURN_IF_ERROR(transaction->Commit());
  return run;
}

absl::Status RevertChanges(const RunEngineOptions& options, RunWork& work) {
  bool is_done = false;
  while (!is_done) {
    if (options.is_stopping()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const bool cancelled, IsCancelled(options, work));
    if (cancelled) return FinishRun(v1::Run::CANCELLED, options, work);
    ASSIGN_OR_RETURN(is_done, RevertSome(options, work));
  }
  int64_t left = 0;
  for (const auto& [reason, count] : work.run.counters().not_reverted()) {
    left += count;
  }
  if (left > 0) {
    AddProblem({"USERS_NOT_REVERTED",
                absl::StrCat(left,
                             " users are as they are, for they were changed "
                             "since, or are not what they were any more.")},
               work);
  }
  return FinishRun(
      work.run.problems().empty() ? v1::Run::SUCCEEDED : v1::Run::PARTIAL,
      options, work);
}

}  // namespace rollcall::reconciliation
