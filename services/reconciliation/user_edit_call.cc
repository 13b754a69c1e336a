#include "services/reconciliation/user_edit_call.h"

#include <utility>

#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/user_errors.h"
#include "services/reconciliation/user_view.h"

namespace rollcall::reconciliation {

absl::StatusOr<v1::User> EditUser(IdentityStore& store, const UserName& name,
                                  const WriteCall& call,
                                  const std::string& etag,
                                  const DecideUser& decide) {
  return CarryOut<v1::User>(
      call, store, [&](Transaction& transaction) -> absl::StatusOr<v1::User> {
        ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                         transaction.identities().FindUser(name.id()));
        if (!record.has_value()) return UserNotFound(name.ToString());
        const User& user = record->user;
        RETURN_IF_ERROR(CheckEtag(etag, EtagOf(user), name.ToString()));
        ASSIGN_OR_RETURN(const EditVerdict verdict, decide(user, transaction));
        RETURN_IF_ERROR(RefusalOf(verdict, name));
        if (verdict.after != user) {
          RETURN_IF_ERROR(
              transaction.PutUser(&user, verdict.after, record->mark));
          AppendUserEvent(verdict.after, v1::UserChange::UPDATED, call,
                          verdict.rule, transaction);
        }
        return ShowUser(verdict.after, call.account, transaction.identities());
      });
}

void AppendUserEvent(const User& user, v1::UserChange::Kind kind,
                     const WriteCall& call, const std::string& rule,
                     Transaction& transaction) {
  v1::ChangeEvent event = MakeEvent(call, rule);
  event.mutable_user_change()->set_kind(kind);
  *event.mutable_user_change()->mutable_user() = ToMessage(user, call.account);
  transaction.AppendEvent(std::move(event));
}

}  // namespace rollcall::reconciliation
