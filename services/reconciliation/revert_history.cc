#include "services/reconciliation/revert_history.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/store.pb.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::GetMessage;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;

// A user that is merged into is "created" for the directory, but is older.
bool IsNew(const v1::ChangeEvent& event) {
  const v1::User& user = event.user_change().user();
  return event.user_change().kind() == v1::UserChange::CREATED &&
         user.create_time().seconds() == event.commit_time().seconds() &&
         user.create_time().nanos() == event.commit_time().nanos();
}

}  // namespace

absl::StatusOr<RevertHistory> ReadRevertHistory(
    const std::string& account, const std::string& user_id,
    const std::string& run, const rollcall::store::Reader& rows) {
  RevertHistory history;
  auto places = rows.Scan(account, KeyRange::Prefix(keys::HistoryOf(user_id)));
  while (true) {
    ASSIGN_OR_RETURN(const absl::optional<rollcall::store::Entry> entry,
                     places->Next());
    if (!entry.has_value()) break;
    std::string user;
    int64_t sequence = 0;
    RETURN_IF_ERROR(KeyReader(entry->key)
                        .Table("history")
                        .String(&user)
                        .Int64(&sequence)
                        .Finish());
    ASSIGN_OR_RETURN(
        absl::optional<store::EventRow> row,
        GetMessage<store::EventRow>(rows, account, keys::Feed(sequence)));
    if (!row.has_value()) continue;  // Too old to be kept.
    v1::ChangeEvent& event = *row->mutable_event();
    if (history.first != 0) {
      history.is_changed_since |= event.run() != run;
    } else if (event.run() == run) {
      history.first = sequence;
      history.is_created = !history.before.has_value() && IsNew(event);
    } else {
      history.before = std::move(*event.mutable_user_change()->mutable_user());
    }
  }
  if (history.first != 0) return history;
  return DataLoss("HISTORY_LOST",
                  absl::StrCat("Nothing is known of what ", run,
                               " has done to user ", user_id, "."),
                  {{"run", run}, {"user", user_id}});
}

}  // namespace rollcall::reconciliation
