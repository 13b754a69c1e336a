#include "common/feed/feed_position.h"

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"

namespace rollcall::feed {
namespace {

// Tries of one commit against writers on other threads.
constexpr int kTries = 5;

std::string PositionKey() { return store::Key("feed_position").Build(); }

// A second follower of the same store would apply events twice.
void Replace(const FeedPosition& before, const FeedPosition& after,
             store::Batch& batch) {
  const std::string stored = store::Serialize(before);
  if (stored.empty()) {
    batch.ExpectAbsent(PositionKey());
  } else {
    batch.ExpectValue(PositionKey(), stored);
  }
  batch.Put(PositionKey(), store::Serialize(after));
}

}  // namespace

absl::StatusOr<FeedPosition> ReadFeedPosition(const store::Reader& store,
                                              const AccountName& account) {
  ASSIGN_OR_RETURN(
      absl::optional<FeedPosition> position,
      store::GetMessage<FeedPosition>(store, account.id(), PositionKey()));
  return position.value_or(FeedPosition());
}

absl::Status CommitEvents(
    const AccountName& account,
    const std::vector<reconciliation::v1::ChangeEvent>& events,
    const FeedPosition& before, const FeedPosition& after, FeedHandler& handler,
    store::Store& store) {
  absl::Status committed;
  for (int i = 0; i < kTries; ++i) {
    store::Batch batch(account.id());
    RETURN_IF_ERROR(handler.Apply(account, events, &batch));
    Replace(before, after, batch);
    committed = store.Commit(batch);
    if (!absl::IsAborted(committed)) break;
  }
  return committed;
}

absl::StatusOr<std::string> RequestResync(const AccountName& account,
                                          store::Store& store) {
  absl::Status committed;
  for (int i = 0; i < kTries; ++i) {
    ASSIGN_OR_RETURN(const FeedPosition before,
                     ReadFeedPosition(store, account));
    if (before.sequence() == 0 && before.lost().empty()) {
      return FailedPrecondition(
          "FEED_NOT_FOLLOWED",
          absl::StrCat("Nothing is known of the feed of ", account.ToString(),
                       ", so that there is nothing to replace."),
          {{"account", account.ToString()}});
    }
    if (before.has_resync()) return before.lost();
    FeedPosition after = before;
    after.mutable_resync();
    // Nothing rests on what is known until the snapshot is complete.
    if (before.lost().empty()) {
      after.set_lost("An operator has asked for a snapshot.");
    }
    store::Batch batch(account.id());
    Replace(before, after, batch);
    committed = store.Commit(batch);
    if (committed.ok()) return before.lost();
    if (!absl::IsAborted(committed)) break;
  }
  return committed;
}

}  // namespace rollcall::feed
