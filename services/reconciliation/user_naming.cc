// The half of UserSync that settles who gets a name that another one had: by a
// rename, or by being created.
#include <string>
#include <utility>

#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/collision_desk.h"
#include "services/reconciliation/keys.h"
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
  ASSIGN_OR_RETURN(const DeskDecision decision, DecisionOn(source_id));
  NoteInVain(source_id,
             record.user.ClaimOf(work_.directory())->user_principal_name,
             row->rename().to(), holder, decision);
  row->clear_rename();
  return absl::OkStatus();
}

absl::Status UserSync::CreateNamed(const std::string& source_id,
                                   store::WithheldRow* row) {
  const DesiredUser desired = FromRow(source_id, row->create());
  const std::string name = row->rename().to();
  row->clear_rename();
  row->clear_create();
  row->set_uncounted(false);
  ASSIGN_OR_RETURN(const DeskDecision decision, DecisionOn(source_id));
  const bool is_decided_anew = decision.choice == DeskChoice::kSkip ||
                               WantedUsername(desired, decision) != name;
  // The next run does what was decided meanwhile.
  if (is_decided_anew) {
    CountSkipped("SKIPPED_BY_DECISION");
    return absl::OkStatus();
  }
  return Follow(desired, /*linked_id=*/"", /*may_merge=*/true);
}

absl::Status UserSync::KeepOut(const std::string& source_id, const User& holder,
                               store::WithheldRow* row) {
  CountSkipped("USERNAME_COLLISION");  // A4
  ASSIGN_OR_RETURN(const DeskDecision decision, DecisionOn(source_id));
  NoteInVain(source_id, row->create().user_principal_name(), row->rename().to(),
             holder, decision);
  row->clear_rename();
  row->clear_create();
  row->set_uncounted(false);
  return absl::OkStatus();
}

absl::StatusOr<DeskDecision> UserSync::DecisionOn(
    const std::string& source_id) const {
  return FindDecision(transaction_.reader(), work_.account(), work_.directory(),
                      kDeskUsers, source_id);
}

// A name that the desk has given was told of when the user was met.
void UserSync::NoteInVain(const std::string& source_id,
                          const std::string& user_principal_name,
                          const std::string& wanted, const User& holder,
                          const DeskDecision& decision) {
  if (decision.choice == DeskChoice::kRename) return;
  PutNotes({{CollisionKind::kUsername, wanted, holder.id, "A4"}}, source_id,
           user_principal_name, decision, work_.name, transaction_);
}

void UserSync::CountSkipped(const std::string& reason) {
  v1::RunCounters& counters = work_.counters();
  counters.set_users_skipped(counters.users_skipped() + 1);
  ++(*counters.mutable_skipped())[reason];
}

absl::StatusOr<bool> UserSync::IsAwaited(const std::string& username) const {
  if (!work_.place.has_waiting_names()) return false;
  ASSIGN_OR_RETURN(
      const absl::optional<std::string> awaited,
      transaction_.reader().Get(
          work_.account(), keys::Awaited(work_.directory(), work_.name.id(),
                                         work_.place.attempt(), username)));
  return awaited.has_value();
}

absl::Status UserSync::WithholdCreation(const DesiredUser& desired,
                                        const std::string& username) {
  store::WithheldRow row;
  *row.mutable_create() = ToRow(desired);
  row.set_uncounted(true);
  Await(/*from=*/"", {username, ""}, &row);
  return Withhold(desired.source_id, row);
}

void UserSync::Await(const std::string& from, const Rename& to,
                     store::WithheldRow* row) {
  row->mutable_rename()->set_from(from);
  row->mutable_rename()->set_to(to.username);
  row->mutable_rename()->set_rule(to.rule);
  work_.place.set_has_waiting_names(true);
  transaction_.Put(keys::Awaited(work_.directory(), work_.name.id(),
                                 work_.place.attempt(), to.username),
                   store::IdRow());
}

}  // namespace rollcall::reconciliation
