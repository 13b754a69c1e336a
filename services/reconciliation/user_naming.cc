// The half of UserSync that settles who gets a name that another one had.
#include <string>
#include <utility>

#include "common/status/status_macros.h"
#include "services/reconciliation/collision_desk.h"
#include "services/reconciliation/user_marks.h"
#include "services/reconciliation/user_sync.h"

namespace rollcall::reconciliation {

absl::Status UserSync::GiveName(const UserRecord& record,
                                store::WithheldRow* row) {
  UserDecision decision;
  decision.fate = Fate::kUpdate;
  decision.rules = {row->rename().rule()};
  decision.renamed = true;
  User& after = decision.after;
  after = record.user;
  after.username = row->rename().to();
  after.update_time = now_;
  for (Claim& claim : after.claims) {
    const bool follows =
        claim.directory == work_.directory() && row->rename().rule() == "A3";
    if (follows) claim.username_origin = claim.user_principal_name;
  }
  const store::UserMarkRow mark =
      Marked(record.mark, work_.run.name(), decision, 0, 0);
  v1::RunCounters& counters = work_.counters();
  if (row->uncounted()) {
    CountSeen(mark, &counters);
  } else {
    Add(1, &v1::RunCounters::users_renamed, &v1::RunCounters::set_users_renamed,
        &counters);
  }
  row->set_uncounted(false);
  row->clear_rename();
  return Write(&record, std::move(decision), mark);
}

absl::Status UserSync::KeepName(const UserRecord& record,
                                const std::string& source_id,
                                const User& holder, store::WithheldRow* row) {
  ++(*work_.counters().mutable_warnings())["USERNAME_COLLISION"];  // A4
  ASSIGN_OR_RETURN(const DeskDecision decision,
                   FindDecision(transaction_.reader(), work_.account(),
                                work_.directory(), kDeskUsers, source_id));
  // A name that the desk has given was told of when the user was met.
  if (decision.choice != DeskChoice::kRename) {
    const Claim* claim = record.user.ClaimOf(work_.directory());
    PutNotes({{CollisionKind::kUsername, row->rename().to(), holder.id, "A4"}},
             source_id, claim->user_principal_name, decision, work_.name,
             transaction_);
  }
  row->clear_rename();
  return absl::OkStatus();
}

}  // namespace rollcall::reconciliation
