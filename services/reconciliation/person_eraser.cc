#include "services/reconciliation/person_eraser.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "common/identity/resource_name.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/before_keys.h"
#include "services/reconciliation/erasure_keys.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/request_ledger.h"
#include "services/reconciliation/store.pb.h"
#include "services/reconciliation/transaction.h"
#include "services/reconciliation/user_history.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::KeyRange;
using rollcall::store::MessageCursor;

constexpr int kAccountsPerPage = 1000;

// No user has an empty username: without one, he was erased.
bool TellsOfThePerson(const v1::ChangeEvent& event) {
  return event.has_user_change() &&
         !event.user_change().user().username().empty();
}

// With the way back that undoing has kept (B5).
void EraseEvent(v1::ChangeEvent event, const std::string& user,
                Transaction& transaction) {
  if (!event.run().empty()) {
    transaction.Delete(keys::Before(event.run(), user));
  }
  const int64_t sequence = event.sequence();
  // Its key knows them.
  event.clear_sequence();
  event.clear_event_id();
  v1::User& shown = *event.mutable_user_change()->mutable_user();
  shown = Erased(shown);
  store::EventRow row;
  *row.mutable_event() = std::move(event);
  transaction.Put(keys::Feed(sequence), row);
}

}  // namespace

v1::User Erased(const v1::User& user) {
  v1::User erased;
  erased.set_name(user.name());
  erased.set_state(user.state());
  *erased.mutable_groups() = user.groups();
  erased.set_billable(user.billable());
  for (const v1::ManagedBy& managed : user.managed_by()) {
    erased.add_managed_by()->set_directory(managed.directory());
  }
  if (user.has_create_time()) {
    *erased.mutable_create_time() = user.create_time();
  }
  if (user.has_update_time()) {
    *erased.mutable_update_time() = user.update_time();
  }
  if (user.has_delete_time()) {
    *erased.mutable_delete_time() = user.delete_time();
  }
  erased.set_deletion_epoch(user.deletion_epoch());
  erased.set_pinned_by(user.pinned_by());
  return erased;
}

absl::StatusOr<Pace> PersonEraser::RunOnce(absl::Time now) {
  Pace pace = Pace::kRest;
  absl::Status first_error;
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<std::string> accounts,
                     store_.ListAccounts(after, kAccountsPerPage));
    if (accounts.empty()) break;
    for (const std::string& account : accounts) {
      const absl::StatusOr<Pace> erased = EraseSome(account, now);
      if (!erased.ok()) {
        first_error.Update(
            Annotate(erased.status(), AccountName(account).ToString()));
      } else if (*erased == Pace::kAgain) {
        pace = Pace::kAgain;
      }
    }
    after = accounts.back();
  }
  if (!first_error.ok()) return first_error;
  return pace;
}

// Events are read inside the transaction: none of them is dropped meanwhile.
absl::StatusOr<Pace> PersonEraser::EraseSome(const std::string& account,
                                             absl::Time now) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Transaction> transaction,
                   store_.Begin(account));
  ASSIGN_OR_RETURN(const int forgotten,
                   ForgetRequests(now, kRowsPerBatch, *transaction));
  int room = kRowsPerBatch;
  int people = 0;
  MessageCursor<store::IdRow> erasures(transaction->reader(), account,
                                       KeyRange::Prefix(keys::Erasures()));
  while (room > 0) {
    ASSIGN_OR_RETURN(auto erasure, erasures.Next());
    if (!erasure.has_value()) break;
    const std::string& user = erasure->message.id();
    const UserHistory history(transaction->reader(), account,
                              store_.incarnation(), user);
    RETURN_IF_ERROR(history.VisitNewest(std::numeric_limits<int>::max(),
                                        [&](const v1::ChangeEvent& event) {
                                          if (!TellsOfThePerson(event))
                                            return true;
                                          if (room == 0) return false;
                                          --room;
                                          EraseEvent(event, user, *transaction);
                                          return true;
                                        }));
    if (room == 0) break;  // Perhaps not all: looked at again.
    transaction->Delete(std::move(erasure->key));
    ++people;
    --room;
  }
  RETURN_IF_ERROR(transaction->Commit());
  if (people > 0) {
    LogInfo("people_erased",
            {{"account", AccountName(account).ToString()}, {"people", people}});
  }
  return room == 0 || forgotten == kRowsPerBatch ? Pace::kAgain : Pace::kRest;
}

}  // namespace rollcall::reconciliation
