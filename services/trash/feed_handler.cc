#include "services/trash/feed_handler.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "google/protobuf/util/time_util.h"
#include "services/trash/model.h"
#include "services/trash/rows.h"
#include "services/trash/trash_change.h"
#include "services/trash/trash_fold.h"

namespace rollcall::trash {
namespace {

using ::google::protobuf::util::TimeUtil;
using reconciliation::v1::ChangeEvent;
using reconciliation::v1::User;

absl::Status Malformed(const ChangeEvent& event, absl::string_view why) {
  return DataLoss("FEED_EVENT_MALFORMED",
                  absl::StrCat("Event ", event.event_id(), " ", why, "."),
                  {{"event_id", event.event_id()}});
}

// The user's resource name, if the event is about one.
const std::string* UserNameOf(const ChangeEvent& event) {
  if (event.has_user_change()) return &event.user_change().user().name();
  if (event.has_user_purge()) return &event.user_purge().name();
  return nullptr;
}

absl::StatusOr<UserFact> FactOf(const ChangeEvent& event) {
  if (event.has_user_purge()) return UserFact{.life = UserFact::Life::kGone};

  // The state is what counts: the kind of a change says how it came about.
  const User& user = event.user_change().user();
  UserFact fact{.username = user.username(),
                .deletion_epoch = user.deletion_epoch()};
  if (user.state() != User::PENDING_DELETION) return fact;
  if (!user.has_delete_time() || user.deletion_epoch() <= 0) {
    return Malformed(event,
                     "marks a user for deletion without saying since when");
  }
  fact.life = UserFact::Life::kPendingDeletion;
  fact.delete_time =
      absl::FromUnixNanos(TimeUtil::TimestampToNanoseconds(user.delete_time()));
  return fact;
}

}  // namespace

absl::Status TrashFeedHandler::Apply(const AccountName& account,
                                     const std::vector<ChangeEvent>& events,
                                     store::Batch* batch) {
  TrashChange change(store_, account);
  for (const ChangeEvent& event : events) {
    const std::string* name = UserNameOf(event);
    if (name == nullptr) continue;
    const absl::StatusOr<UserName> user = UserName::Parse(*name);
    if (!user.ok() || user->account() != account) {
      return Malformed(event, "is about a user of no or another account");
    }
    ASSIGN_OR_RETURN(const UserFact fact, FactOf(event));
    ASSIGN_OR_RETURN(const absl::optional<TrashEntry> entry,
                     change.Get(user->id()));
    change.Set(user->id(), Fold(entry, fact, retention_));
  }
  return change.AddTo(batch);
}

absl::StatusOr<std::vector<std::string>> TrashFeedHandler::ListUsers(
    const AccountName& account, const std::string& after, int limit) {
  const std::unique_ptr<store::Cursor> cursor = store_.Scan(
      account.id(), after.empty() ? store::KeyRange::Prefix(EntryPrefix())
                                  : store::KeyRange::PrefixAfter(
                                        EntryPrefix(), EntryKey(after)));
  std::vector<std::string> users;
  while (users.size() < static_cast<size_t>(limit)) {
    ASSIGN_OR_RETURN(const absl::optional<store::Entry> row, cursor->Next());
    if (!row.has_value()) break;
    ASSIGN_OR_RETURN(std::string user, UserOfEntryKey(row->key));
    users.push_back(std::move(user));
  }
  return users;
}

}  // namespace rollcall::trash
