// Carries out what the diff decides about one user, inside a transaction: row,
// indexes, event, counters, and what is withheld.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USER_SYNC_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USER_SYNC_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "services/reconciliation/guard.h"
#include "services/reconciliation/run_work.h"
#include "services/reconciliation/source_records.h"
#include "services/reconciliation/transaction.h"

namespace rollcall::reconciliation {

store::DesiredRow ToRow(const DesiredUser& desired);
DesiredUser FromRow(const std::string& source_id, const store::DesiredRow& row);

// What became of the last user.
struct UserOutcome {
  Fate fate = Fate::kUnchanged;
  std::string user_id;  // Empty: there is none.
  std::string reason;   // Of a skip.
  bool kept = false;    // Something was not taken, for want of proof.
  bool pinned = false;  // Left alone, for a run was undone for it (B5).
};

// One thread; lives as long as the transaction.
class UserSync {
 public:
  UserSync(RunWork& work, Transaction& transaction, absl::Time now,
           const std::function<std::string()>& make_id);

  // A user in scope. `linked_id` is the user linked to it; empty: none.
  absl::Status Seen(const DesiredUser& desired, const std::string& linked_id);

  // A managed user who is not in scope as the stream says: remembered, until
  // the reading proves complete.
  absl::Status Absent(const std::string& source_id, const std::string& user_id);

  // Whether Withheld needs to be told what the source says about the user: it
  // would be taken away (B3), or something newer was said about it (R80).
  absl::StatusOr<bool> NeedsView(const std::string& source_id,
                                 const store::WithheldRow& row) const;

  // Remembers that what the guard holds of this object, if anything, is void if
  // the reading proves complete (R30): it says something newer.
  absl::Status WithholdNothing(const std::string& source_id,
                               const std::string& user_id);

  // Carries out what was withheld, hands it to the guard, or drops it for want
  // of proof. `view` is what the source says now; nullptr: it was not asked.
  absl::Status Withheld(const std::string& source_id,
                        const store::WithheldRow& row, const SourceView* view);

  // Gives the user of a withheld row the name that it waits for, which is free
  // by now or about to be, and strikes it from the row.
  absl::Status GiveName(const UserRecord& record, store::WithheldRow* row);
  // Leaves the user the name that he has, for `holder` keeps the other one.
  absl::Status KeepName(const UserRecord& record, const std::string& source_id,
                        const User& holder, store::WithheldRow* row);

  // Creates whom a withheld row describes, under the name that it waits for,
  // which nobody has any more.
  absl::Status CreateNamed(const std::string& source_id,
                           store::WithheldRow* row);
  // Creates nobody, for `holder` keeps the name.
  absl::Status KeepOut(const std::string& source_id, const User& holder,
                       store::WithheldRow* row);

  // Takes away a user who is not in scope, as the view proves.
  absl::Status Remove(const UserRecord& record, const SourceView& view);

  // Makes void what the guard holds of a user.
  void DropHeld(const std::string& source_id);

  // Takes a user, whoever he is, out of groups, which are in order; false: he
  // is pinned, and stays.
  absl::StatusOr<bool> LeaveGroups(const UserRecord& record,
                                   std::vector<std::string> groups,
                                   const std::string& rule);

  // Whether the user is to be left alone. A plan shows what becomes of its
  // directory's users, for its application unpins them.
  bool IsPinned(const User& user) const;

  // The events that follow rest on this view.
  void SetEvidence(const v1::Evidence& evidence);

  const UserOutcome& outcome() const { return outcome_; }

 private:
  absl::Status Follow(const DesiredUser& desired, const std::string& linked_id,
                      bool may_merge);
  // What was decided about the object, and the facts that it changes.
  absl::StatusOr<SeenFacts> FactsOf(const DesiredUser& desired,
                                    const absl::optional<UserRecord>& linked,
                                    bool may_wait,
                                    absl::optional<UserRecord>* namesake) const;
  // Whether somebody whom this reading has told of before waits for the name.
  // It is his: he would have got it at once if the reading had begun anew after
  // it came free (B12).
  absl::StatusOr<bool> IsAwaited(const std::string& username) const;
  // What an administrator may want to settle (B10).
  absl::Status Note(const DesiredUser& desired, const SeenFacts& facts);
  absl::Status Write(const UserRecord* before, UserDecision decision,
                     const store::UserMarkRow& mark);
  absl::Status Withhold(const std::string& source_id,
                        const store::WithheldRow& row);
  absl::Status WithholdLook(const std::string& source_id,
                            const std::string& user_id);
  // To be created once the name is free.
  absl::Status WithholdCreation(const DesiredUser& desired,
                                const std::string& username);
  // The row's user waits for this name, who has `from` until then.
  void Await(const std::string& from, const Rename& to,
             store::WithheldRow* row);
  absl::StatusOr<DeskDecision> DecisionOn(const std::string& source_id) const;
  void CountSkipped(const std::string& reason);
  // Tells of a name that somebody has waited for in vain.
  void NoteInVain(const std::string& source_id,
                  const std::string& user_principal_name,
                  const std::string& wanted, const User& holder,
                  const DeskDecision& decision);
  void Hold(Danger danger, const std::string& source_id,
            store::WithheldRow row);
  void Keep();
  bool IsNewer(const Claim& claim) const;
  // The same, and counts it.
  bool LeavesPinned(const User& user);
  void StampReading(User& user) const;
  absl::Status CarryOutMerge(const std::string& source_id,
                             const store::WithheldRow& row);
  absl::Status CarryOutAbsent(const UserRecord& record,
                              const std::string& source_id,
                              const SourceView* view);
  absl::Status FollowView(const UserRecord& record,
                          const std::string& source_id,
                          const store::WithheldRow& row,
                          const SourceView* view);
  // Hands to the guard what it holds of this; the rest is due.
  reconciliation::Withheld HoldParts(const std::string& user_id,
                                     const std::string& source_id,
                                     const reconciliation::Withheld& wanted);
  absl::Status CarryOutDue(const UserRecord& record,
                           const std::string& source_id,
                           const store::WithheldRow& row);
  // Whether taking the user away, with his memberships, is held.
  absl::optional<Danger> HeldBy(const User& user, Fate fate) const;

  RunWork& work_;
  Transaction& transaction_;
  absl::Time now_;
  const std::function<std::string()>& make_id_;
  absl::Time read_time_;
  bool at_once_;    // Takes and gives in one, ...
  bool has_proof_;  // ... if what it says proves that it may take (R30).
  bool is_counted_ = false;  // Among those who were seen.
  bool was_met_ = false;     // Before, so that he has been warned about.
  absl::optional<v1::Evidence> evidence_;
  UserOutcome outcome_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USER_SYNC_H_
