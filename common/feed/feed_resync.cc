#include "common/feed/feed_resync.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/feed/feed_position.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::feed {
namespace {

using reconciliation::v1::ChangeEvent;
using reconciliation::v1::Feed;
using reconciliation::v1::WatchChangesResponse;

// One commit: enough to share a sync, few enough to stay small.
constexpr size_t kEventsPerCommit = 256;
// One turn of an account, so that others have theirs.
constexpr int kCommitsPerTurn = 16;
constexpr int kUsersPerPage = 256;

class Snapshot {
 public:
  Snapshot(const Feed& feed, const AccountName& account, FeedPosition position,
           store::Store& store, FeedHandler& handler)
      : feed_(feed),
        account_(account),
        stored_(std::move(position)),
        next_(stored_),
        store_(store),
        handler_(handler) {}

  bool is_complete() const { return is_complete_; }
  bool is_turn_over() const { return commits_ >= kCommitsPerTurn; }
  const std::string& cursor() const { return next_.resync().cursor(); }

  // A snapshot of another history says nothing about this one.
  void BeginAnewUnlessOf(const std::string& incarnation) {
    if (next_.resync().incarnation() == incarnation) return;
    next_.mutable_resync()->Clear();
    next_.mutable_resync()->set_incarnation(incarnation);
  }
  absl::Status BeginAnew() {
    events_.clear();
    next_ = stored_;
    next_.mutable_resync()->Clear();
    return Commit();
  }

  absl::Status Take(const WatchChangesResponse& response) {
    FeedPosition::Resync& place = *next_.mutable_resync();
    if (response.has_snapshot_user()) {
      ASSIGN_OR_RETURN(const UserName user,
                       UserName::Parse(response.snapshot_user().name()));
      if (user.account() != account_ || user.id() <= place.user()) {
        return DataLoss(
            "FEED_OUT_OF_ORDER",
            absl::StrCat("The snapshot of ", account_.ToString(), " shows ",
                         user.ToString(), " after ", place.user(), "."),
            {{"account", account_.ToString()}});
      }
      RETURN_IF_ERROR(PurgeKnown(user.id()));
      ChangeEvent& event = events_.emplace_back();
      *event.mutable_user_change()->mutable_user() = response.snapshot_user();
      place.set_user(user.id());
    } else if (response.snapshot_complete()) {
      RETURN_IF_ERROR(PurgeKnown(/*before=*/""));
      is_complete_ = true;
      next_ = FeedPosition();
      next_.set_incarnation(feed_.incarnation());
      next_.set_sequence(response.snapshot_sequence());
      next_.set_cursor(response.cursor());
      return Commit();
    }
    // Groups are no concern of those who keep users.
    place.set_cursor(response.cursor());
    return events_.size() < kEventsPerCommit ? absl::OkStatus() : Commit();
  }

  // What has been taken so far is as good as any.
  absl::Status Keep() { return is_complete_ ? absl::OkStatus() : Commit(); }

 private:
  // Users whom we know after the last one shown and before `before`, which is
  // none if it is empty: the snapshot does not have them.
  absl::Status PurgeKnown(const std::string& before) {
    std::string after = next_.resync().user();
    while (true) {
      ASSIGN_OR_RETURN(const std::vector<std::string> users,
                       handler_.ListUsers(account_, after, kUsersPerPage));
      for (const std::string& user : users) {
        if (!before.empty() && user >= before) return absl::OkStatus();
        events_.emplace_back().mutable_user_purge()->set_name(
            UserName(account_, user).ToString());
      }
      if (users.size() < kUsersPerPage) return absl::OkStatus();
      after = users.back();
    }
  }

  absl::Status Commit() {
    RETURN_IF_ERROR(
        CommitEvents(account_, events_, stored_, next_, handler_, store_));
    stored_ = next_;
    events_.clear();
    ++commits_;
    return absl::OkStatus();
  }

  const Feed& feed_;
  const AccountName& account_;
  FeedPosition stored_;
  FeedPosition next_;  // After `events_`.
  store::Store& store_;
  FeedHandler& handler_;
  std::vector<ChangeEvent> events_;
  int commits_ = 0;
  bool is_complete_ = false;
};

bool IsGone(const absl::Status& error) {
  const std::string reason = ReasonOf(error);
  return reason == "FEED_HISTORY_LOST" || reason == "FEED_CURSOR_EXPIRED";
}

}  // namespace

absl::StatusOr<Pace> ContinueResync(const Feed& feed,
                                    const AccountName& account,
                                    FeedPosition position, FeedSource& source,
                                    store::Store& store, FeedHandler& handler) {
  Snapshot snapshot(feed, account, std::move(position), store, handler);
  snapshot.BeginAnewUnlessOf(feed.incarnation());
  const bool begins = snapshot.cursor().empty();
  absl::Status error;
  const absl::Status watched =
      source.WatchChanges(account, snapshot.cursor(), /*snapshot=*/true,
                          [&](const WatchChangesResponse& response) {
                            error = snapshot.Take(response);
                            return error.ok() && !snapshot.is_complete() &&
                                   !snapshot.is_turn_over();
                          });
  RETURN_IF_ERROR(error);
  if (snapshot.is_complete()) return Pace::kRest;
  // Of a snapshot that has just begun nothing can be gone: whoever says so is
  // asked again later, not at once.
  if (IsGone(watched) && !begins) {
    RETURN_IF_ERROR(snapshot.BeginAnew());
    return Pace::kAgain;
  }
  RETURN_IF_ERROR(snapshot.Keep());
  RETURN_IF_ERROR(watched);
  if (snapshot.is_turn_over()) return Pace::kAgain;
  return Unavailable("FEED_ENDED_EARLY",
                     absl::StrCat("The snapshot of ", account.ToString(),
                                  " ended before it was complete."),
                     {{"account", account.ToString()}});
}

}  // namespace rollcall::feed
