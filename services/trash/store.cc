#include "services/trash/store.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/feed/feed_position.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/trash/rows.h"
#include "services/trash/trash_change.h"

namespace rollcall::trash {
namespace {

// Tries against writers on other threads: each conflict means that one of them
// got on.
constexpr int kTries = 10;

}  // namespace

absl::StatusOr<absl::optional<TrashEntry>> TrashStore::Get(
    const AccountName& account, const std::string& user) const {
  return ReadEntry(store_, account.id(), user);
}

absl::StatusOr<TrashStore::Page> TrashStore::List(const AccountName& account,
                                                  const std::string& after,
                                                  int limit) const {
  const std::unique_ptr<store::Reader> instant = store_.Snapshot();
  Page page;
  ASSIGN_OR_RETURN(const absl::optional<int64_t> count,
                   ReadCount(*instant, account.id()));
  page.total = count.value_or(0);

  const store::KeyRange range =
      after.empty()
          ? store::KeyRange::Prefix(EntryPrefix())
          : store::KeyRange::PrefixAfter(EntryPrefix(), EntryKey(after));
  const std::unique_ptr<store::Cursor> cursor =
      instant->Scan(account.id(), range);
  while (true) {
    ASSIGN_OR_RETURN(const absl::optional<store::Entry> row, cursor->Next());
    if (!row.has_value()) return page;
    if (page.entries.size() == static_cast<size_t>(limit)) {
      page.has_more = true;
      return page;
    }
    ASSIGN_OR_RETURN(std::string user, UserOfEntryKey(row->key));
    ASSIGN_OR_RETURN(TrashEntry entry, ParseEntry(row->value));
    page.entries.push_back({std::move(user), std::move(entry)});
  }
}

absl::StatusOr<std::vector<TrashedEntry>> TrashStore::ListDue(
    const AccountName& account, absl::Time now, int limit) const {
  const std::unique_ptr<store::Reader> instant = store_.Snapshot();
  const std::unique_ptr<store::Cursor> cursor =
      instant->Scan(account.id(), DueRange(now));
  std::vector<TrashedEntry> entries;
  while (entries.size() < static_cast<size_t>(limit)) {
    ASSIGN_OR_RETURN(const absl::optional<store::Entry> row, cursor->Next());
    if (!row.has_value()) break;
    ASSIGN_OR_RETURN(Due due, DueOfKey(row->key));
    ASSIGN_OR_RETURN(absl::optional<TrashEntry> entry,
                     ReadEntry(*instant, account.id(), due.user));
    if (!entry.has_value() || entry->purge_time != due.purge_time) {
      return DataLoss(
          "DUE_INDEX_BROKEN",
          absl::StrCat("User ", due.user, " of ", account.ToString(),
                       " is due, but not in the trash so."),
          {{"account", account.ToString()}, {"user", due.user}});
    }
    entries.push_back({std::move(due.user), *std::move(entry)});
  }
  return entries;
}

absl::StatusOr<std::vector<AccountName>> TrashStore::ListAccounts(
    const std::string& after, int limit) const {
  ASSIGN_OR_RETURN(const std::vector<std::string> partitions,
                   store_.ListPartitions(after, limit));
  return std::vector<AccountName>(partitions.begin(), partitions.end());
}

absl::Status TrashStore::CheckFeedIsFollowed(const AccountName& account) const {
  ASSIGN_OR_RETURN(const feed::FeedPosition position,
                   feed::ReadFeedPosition(store_, account));
  if (position.lost().empty()) return absl::OkStatus();
  return FailedPrecondition(
      "FEED_HISTORY_LOST",
      absl::StrCat("What is known of the users of ", account.ToString(),
                   " may be wrong: ", position.lost(),
                   " Nobody is purged until an operator has put it right."),
      {{"account", account.ToString()}});
}

absl::Status TrashStore::Drop(const AccountName& account,
                              const std::string& user, int64_t deletion_epoch) {
  return Change(account, user, deletion_epoch, absl::nullopt);
}

absl::Status TrashStore::Postpone(const AccountName& account,
                                  const std::string& user,
                                  int64_t deletion_epoch,
                                  absl::Time purge_time) {
  return Change(account, user, deletion_epoch, purge_time);
}

absl::Status TrashStore::Change(const AccountName& account,
                                const std::string& user, int64_t deletion_epoch,
                                absl::optional<absl::Time> purge_time) {
  absl::Status committed;
  for (int i = 0; i < kTries; ++i) {
    TrashChange change(store_, account);
    ASSIGN_OR_RETURN(absl::optional<TrashEntry> entry, change.Get(user));
    if (!entry.has_value() || entry->deletion_epoch != deletion_epoch) {
      return absl::OkStatus();
    }
    if (purge_time.has_value()) {
      entry->purge_time = *purge_time;
      change.Set(user, std::move(entry));
    } else {
      change.Set(user, absl::nullopt);
    }
    store::Batch batch(account.id());
    RETURN_IF_ERROR(change.AddTo(&batch));
    committed = store_.Commit(batch);
    if (!absl::IsAborted(committed)) break;
  }
  return committed;
}

}  // namespace rollcall::trash
