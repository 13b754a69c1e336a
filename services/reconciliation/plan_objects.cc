#include "services/reconciliation/plan_objects.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/revert_history.h"

namespace rollcall::reconciliation {
namespace {

// The user as the plan wants it, with the times of its application. What it
// says of the source is true of a newer reading by now: nothing has moved.
User AsOf(absl::Time now, const User* before, User after, const RunWork& work) {
  after.update_time = now;
  if (before == nullptr) after.create_time = now;
  const bool was_trashed = before != nullptr && before->pending_deletion();
  if (after.pending_deletion() && !was_trashed) after.delete_time = now;
  const absl::Time reading = FromTimestamp(work.run.read_time());
  for (Claim& claim : after.claims) {
    if (claim.directory == work.directory()) {
      claim.read_time = std::max(claim.read_time, reading);
    }
  }
  if (after.pinned_by == work.directory()) after.pinned_by.clear();
  return after;
}

v1::ChangeEvent AsOf(absl::Time now, v1::ChangeEvent event,
                     const RunWork& work) {
  *event.mutable_commit_time() = ToTimestamp(now);
  event.set_run(work.run.name());
  return event;
}

absl::Status WriteUser(const store::PlannedRow& planned, absl::Time now,
                       const RunWork& work, Transaction& transaction) {
  ASSIGN_OR_RETURN(const absl::optional<UserRecord> before,
                   transaction.identities().FindUser(planned.user_id()));
  const User* const known = before.has_value() ? &before->user : nullptr;
  const User after =
      AsOf(now, known, FromRow(planned.user_id(), planned.user_after()), work);
  store::UserMarkRow mark = planned.user_after().mark();
  mark.set_run(work.run.name());
  if (known != nullptr) {
    RETURN_IF_ERROR(KeepBefore(*known, work.run.name(), transaction));
  }
  const v1::User last = ToMessage(after, work.account());
  for (int i = 0; i < planned.events_size(); ++i) {
    v1::ChangeEvent event = AsOf(now, planned.events(i), work);
    v1::User& user = *event.mutable_user_change()->mutable_user();
    if (i + 1 == planned.events_size()) {
      user = last;
    } else {
      // A step on the way: its times are those of the end.
      *user.mutable_create_time() = last.create_time();
      *user.mutable_update_time() = last.update_time();
      user.set_pinned_by(last.pinned_by());
      if (user.has_delete_time()) {
        *user.mutable_delete_time() =
            ToTimestamp(after.delete_time.value_or(now));
      }
    }
    transaction.AppendEvent(std::move(event));
  }
  // The events have said already, each for itself, which groups the user left.
  return transaction.PutUser(known, after, mark);
}

absl::Status WriteGroup(const store::PlannedRow& planned, absl::Time now,
                        const RunWork& work, Transaction& transaction) {
  ASSIGN_OR_RETURN(const absl::optional<GroupRecord> before,
                   transaction.identities().FindGroup(planned.group_id()));
  const Group* const known = before.has_value() ? &before->group : nullptr;
  Group after = FromRow(planned.group_id(), planned.group_after());
  if (known == nullptr) after.create_time = now;
  if (planned.events_size() > 0) after.update_time = now;
  store::GroupMarkRow mark = planned.group_after().mark();
  if (planned.events_size() > 0) mark.set_run(work.run.name());
  RETURN_IF_ERROR(transaction.PutGroup(known, after, mark));
  for (const v1::ChangeEvent& planned_event : planned.events()) {
    v1::ChangeEvent event = AsOf(now, planned_event, work);
    v1::Group& group = *event.mutable_group_change();
    *group.mutable_create_time() = ToTimestamp(after.create_time);
    *group.mutable_update_time() = ToTimestamp(now);
    transaction.AppendEvent(std::move(event));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WritePlanned(const store::PlannedRow& planned, absl::Time now,
                          const RunWork& work, Transaction& transaction) {
  return planned.user_id().empty() ? WriteGroup(planned, now, work, transaction)
                                   : WriteUser(planned, now, work, transaction);
}

}  // namespace rollcall::reconciliation
