#include "common/feed/feed_follower.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/feed/feed_resync.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::feed {

using reconciliation::v1::ChangeEvent;
using reconciliation::v1::Feed;
using reconciliation::v1::WatchChangesResponse;

namespace {

// One commit: enough events to share a sync, few enough to stay small.
constexpr size_t kEventsPerCommit = 256;
constexpr size_t kBytesPerCommit = size_t{1} << 20;

// One turn of an account, so that a long feed leaves room for the others.
constexpr int kCommitsPerTurn = 16;

constexpr int kAccountsPerPage = 1000;

constexpr char kHistoryLost[] = "FEED_HISTORY_LOST";
constexpr char kCursorExpired[] = "FEED_CURSOR_EXPIRED";

absl::Status HistoryLost(const AccountName& account, const std::string& why) {
  return FailedPrecondition(
      kHistoryLost,
      absl::StrCat("The feed of ", account.ToString(),
                   " is not the one followed so far: ", why),
      {{"account", account.ToString()}, {"why", why}});
}

prometheus::Gauge& LostGauge(const AccountName& account) {
  return Gauge(
      "rollcall_feed_history_lost",
      "Whether an account's feed is no longer followed, because its producer "
      "has lost history.",
      {{"account", account.id()}});
}

// What is wrong with a feed as the producer announces it, seen from `position`;
// empty if nothing is.
std::string Contradiction(const Feed& feed, const FeedPosition& position) {
  if (position.sequence() == 0) return "";
  if (feed.incarnation() != position.incarnation()) {
    return absl::StrCat("the incarnation was ", position.incarnation(),
                        " and is ", feed.incarnation(), ".");
  }
  if (feed.head_sequence() < position.sequence()) {
    return absl::StrCat("it had ", position.sequence(), " events and has ",
                        feed.head_sequence(), ".");
  }
  return "";
}

}  // namespace

FeedFollower::FeedFollower(FeedSource& source, store::Store& store,
                           FeedHandler& handler)
    : source_(source), store_(store), handler_(handler) {}

absl::StatusOr<Pace> FeedFollower::FollowOnce() {
  ASSIGN_OR_RETURN(std::vector<Feed> feeds, source_.ListFeeds());
  absl::Status first_error;
  Pace pace = Pace::kRest;
  for (const Feed& feed : feeds) {
    absl::StatusOr<Pace> followed = FollowAccount(feed);
    if (!followed.ok()) {
      first_error.Update(Annotate(followed.status(), feed.account()));
    } else if (*followed == Pace::kAgain) {
      pace = Pace::kAgain;
    }
  }
  first_error.Update(LookForLost(feeds));
  if (!first_error.ok()) return first_error;
  return pace;
}

absl::Status FeedFollower::LookForLost(const std::vector<Feed>& feeds) {
  absl::flat_hash_set<std::string> present;
  for (const Feed& feed : feeds) present.insert(feed.account());
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<std::string> partitions,
                     store_.ListPartitions(after, kAccountsPerPage));
    if (partitions.empty()) return absl::OkStatus();
    for (const std::string& partition : partitions) {
      const AccountName account(partition);
      if (present.contains(account.ToString())) continue;
      ASSIGN_OR_RETURN(const FeedPosition position,
                       ReadFeedPosition(store_, account));
      if (position.sequence() == 0) continue;
      if (position.lost().empty()) {
        RETURN_IF_ERROR(StopFollowing(
            account, position,
            absl::StrCat("it had ", position.sequence(),
                         " events and does not exist any more.")));
      } else {
        Announce(account, position);
      }
    }
    after = partitions.back();
  }
}

absl::StatusOr<Pace> FeedFollower::FollowAccount(const Feed& feed) {
  ASSIGN_OR_RETURN(AccountName account, AccountName::Parse(feed.account()));
  ASSIGN_OR_RETURN(FeedPosition position, ReadFeedPosition(store_, account));
  if (position.has_resync()) return Resync(feed, account, position);
  if (!position.lost().empty()) {
    Announce(account, position);
    return Pace::kRest;
  }
  if (std::string why = Contradiction(feed, position); !why.empty()) {
    RETURN_IF_ERROR(StopFollowing(account, position, why));
    return Pace::kRest;
  }
  if (feed.head_sequence() <= position.sequence()) return Pace::kRest;

  std::vector<ChangeEvent> events;
  size_t bytes = 0;
  int commits = 0;
  absl::Status error;
  FeedPosition next = position;
  const auto commit = [&] {
    if (events.empty()) return absl::OkStatus();
    next.set_incarnation(feed.incarnation());
    RETURN_IF_ERROR(
        CommitEvents(account, events, position, next, handler_, store_));
    position = next;
    events.clear();
    bytes = 0;
    ++commits;
    return absl::OkStatus();
  };
  const auto deliver = [&](const WatchChangesResponse& response) {
    const ChangeEvent& event = response.event();
    if (event.sequence() <= next.sequence()) return true;  // Seen before.
    if (event.sequence() != next.sequence() + 1) {
      error = HistoryLost(
          account, absl::StrCat("event ", next.sequence() + 1, " is missing."));
      return false;
    }
    next.set_sequence(event.sequence());
    next.set_cursor(response.cursor());
    bytes += event.ByteSizeLong();
    events.push_back(event);
    if (events.size() < kEventsPerCommit && bytes < kBytesPerCommit) {
      return true;
    }
    error = commit();
    return error.ok() && commits < kCommitsPerTurn;
  };
  absl::Status watched = source_.WatchChanges(account, position.cursor(),
                                              /*snapshot=*/false, deliver);
  // What was delivered before the stream broke is as good as any.
  if (error.ok()) error = commit();
  if (error.ok()) error = std::move(watched);
  if (ReasonOf(error) == kHistoryLost) {
    RETURN_IF_ERROR(
        StopFollowing(account, position, std::string(error.message())));
    return Pace::kRest;
  }
  if (ReasonOf(error) == kCursorExpired) {
    RETURN_IF_ERROR(BeginResync(account, position, error));
    return Pace::kAgain;
  }
  RETURN_IF_ERROR(error);
  if (position.sequence() >= feed.head_sequence()) return Pace::kRest;
  if (commits >= kCommitsPerTurn) return Pace::kAgain;
  return Unavailable(
      "FEED_ENDED_EARLY",
      absl::StrCat("The feed of ", account.ToString(), " ended at event ",
                   position.sequence(), " of ", feed.head_sequence(), "."),
      {{"account", account.ToString()},
       {"sequence", absl::StrCat(position.sequence())},
       {"head_sequence", absl::StrCat(feed.head_sequence())}});
}

absl::StatusOr<Pace> FeedFollower::Resync(const Feed& feed,
                                          const AccountName& account,
                                          const FeedPosition& position) {
  Announce(account, position);
  ASSIGN_OR_RETURN(const Pace pace, ContinueResync(feed, account, position,
                                                   source_, store_, handler_));
  if (pace == Pace::kAgain) return pace;
  announced_.erase(account.id());
  LostGauge(account).Set(0);
  LogInfo("feed_resynced", {{"account", account.ToString()},
                            {"incarnation", feed.incarnation()}});
  return Pace::kAgain;  // Events may follow.
}

absl::Status FeedFollower::StopFollowing(const AccountName& account,
                                         const FeedPosition& position,
                                         const std::string& why) {
  FeedPosition stopped = position;
  stopped.set_lost(why);
  RETURN_IF_ERROR(
      CommitEvents(account, {}, position, stopped, handler_, store_));
  Announce(account, stopped);
  return absl::OkStatus();
}

absl::Status FeedFollower::BeginResync(const AccountName& account,
                                       const FeedPosition& position,
                                       const absl::Status& why) {
  FeedPosition behind = position;
  behind.set_lost(std::string(why.message()));
  behind.mutable_resync();
  return CommitEvents(account, {}, position, behind, handler_, store_);
}

void FeedFollower::Announce(const AccountName& account,
                            const FeedPosition& position) {
  if (!announced_.insert(account.id()).second) return;
  LogError("feed_history_lost", {{"account", account.ToString()},
                                 {"incarnation", position.incarnation()},
                                 {"sequence", position.sequence()},
                                 {"why", position.lost()}});
  LostGauge(account).Set(1);
}

}  // namespace rollcall::feed
