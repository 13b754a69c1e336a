#include "common/feed/fake_feed.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status/errors.h"

namespace rollcall::feed {

using reconciliation::v1::ChangeEvent;
using reconciliation::v1::Feed;
using reconciliation::v1::WatchChangesResponse;

void FakeFeed::Append(const std::string& account, ChangeEvent event) {
  absl::MutexLock lock(&mutex_);
  std::vector<ChangeEvent>& events = events_[account];
  event.set_sequence(static_cast<int64_t>(events.size()) + 1);
  event.set_event_id(absl::StrCat(incarnation_, "-", event.sequence()));
  events.push_back(std::move(event));
}

void FakeFeed::RollBack(const std::string& account, int64_t sequence) {
  absl::MutexLock lock(&mutex_);
  events_[account].resize(static_cast<size_t>(sequence));
}

void FakeFeed::Drop(const std::string& account, int64_t sequence) {
  absl::MutexLock lock(&mutex_);
  dropped_[account] = static_cast<size_t>(sequence);
}

void FakeFeed::Lose(const std::string& account) {
  absl::MutexLock lock(&mutex_);
  events_.erase(account);
}

void FakeFeed::SetUndelivered(int64_t undelivered) {
  absl::MutexLock lock(&mutex_);
  undelivered_ = undelivered;
}

void FakeFeed::SetIncarnation(std::string incarnation) {
  absl::MutexLock lock(&mutex_);
  incarnation_ = std::move(incarnation);
}

void FakeFeed::SetStatus(absl::Status status) {
  absl::MutexLock lock(&mutex_);
  status_ = std::move(status);
}

void FakeFeed::SetDuplicating(bool duplicating) {
  absl::MutexLock lock(&mutex_);
  duplicating_ = duplicating;
}

absl::StatusOr<std::vector<Feed>> FakeFeed::ListFeeds() {
  absl::MutexLock lock(&mutex_);
  if (!status_.ok()) return status_;
  std::vector<Feed> feeds;
  for (const auto& [account, events] : events_) {
    Feed& feed = feeds.emplace_back();
    feed.set_account(AccountName(account).ToString());
    feed.set_incarnation(incarnation_);
    feed.set_head_sequence(static_cast<int64_t>(events.size()) + undelivered_);
  }
  return feeds;
}

absl::Status FakeFeed::WatchChanges(
    const AccountName& account, const std::string& cursor, bool snapshot,
    const std::function<bool(const WatchChangesResponse&)>& deliver) {
  std::vector<WatchChangesResponse> responses;
  {
    absl::MutexLock lock(&mutex_);
    if (!status_.ok()) return status_;
    const std::vector<ChangeEvent>& events = events_[account.id()];
    size_t next = 0;
    std::string shown;  // The last user of a snapshot.
    if (!cursor.empty()) {
      const std::vector<std::string> parts = absl::StrSplit(cursor, ':');
      if (parts[0] != incarnation_ || !absl::SimpleAtoi(parts[1], &next) ||
          next > events.size()) {
        return FailedPrecondition("FEED_HISTORY_LOST",
                                  "The cursor is of another history.");
      }
      snapshot = parts.size() > 2;
      if (snapshot) shown = parts[2];
    } else if (snapshot) {
      next = events.size();
    }
    if (next < dropped_[account.id()]) {
      return FailedPrecondition("FEED_CURSOR_EXPIRED",
                                "What comes after the cursor is gone.");
    }
    if (snapshot) AddSnapshot(events, next, shown, responses);
    for (; next < events.size(); ++next) {
      WatchChangesResponse response;
      *response.mutable_event() = events[next];
      response.set_cursor(absl::StrCat(incarnation_, ":", next + 1));
      for (int i = 0; i < (duplicating_ ? 2 : 1); ++i) {
        responses.push_back(response);
      }
    }
  }
  for (const WatchChangesResponse& response : responses) {
    if (!deliver(response)) break;
  }
  return absl::OkStatus();
}

// All users after `shown` as they are now, of a snapshot that began after
// `begin` events.
void FakeFeed::AddSnapshot(const std::vector<ChangeEvent>& events, size_t begin,
                           const std::string& shown,
                           std::vector<WatchChangesResponse>& responses) {
  std::map<std::string, reconciliation::v1::User> users;
  for (const ChangeEvent& event : events) {
    if (event.has_user_change()) {
      users[event.user_change().user().name()] = event.user_change().user();
    } else if (event.has_user_purge()) {
      users.erase(event.user_purge().name());
    }
  }
  for (const auto& [name, user] : users) {
    if (name <= shown) continue;
    WatchChangesResponse& response = responses.emplace_back();
    *response.mutable_snapshot_user() = user;
    response.set_snapshot_sequence(static_cast<int64_t>(events.size()));
    response.set_cursor(absl::StrCat(incarnation_, ":", begin, ":", name));
  }
  WatchChangesResponse& end = responses.emplace_back();
  end.set_snapshot_complete(true);
  end.set_snapshot_sequence(static_cast<int64_t>(begin));
  end.set_cursor(absl::StrCat(incarnation_, ":", begin));
}

}  // namespace rollcall::feed
