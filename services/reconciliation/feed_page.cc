#include "services/reconciliation/feed_page.h"

#include <cstdint>
#include <memory>
#include <utility>

#include "common/status/status_macros.h"
#include "services/reconciliation/feed_reader.h"
#include "services/reconciliation/identity_reader.h"
#include "services/reconciliation/records.h"

namespace rollcall::reconciliation {
namespace {

using v1::WatchChangesResponse;

// Takes what is read until the page is full.
class PageBuilder {
 public:
  PageBuilder(FeedCursors cursors, const FeedPageLimits& limits,
              const FeedPlace& place)
      : cursors_(std::move(cursors)), limits_(limits) {
    page_.next = place;
  }

  bool full() const { return rows_ >= limits_.rows || bytes_ >= limits_.bytes; }
  const FeedPlace& next() const { return page_.next; }

  // Tells of something, after which the consumer is at `place`.
  void Tell(WatchChangesResponse response, FeedPlace place) {
    MoveTo(std::move(place));
    response.set_cursor(cursors_.Write(page_.next));
    bytes_ += response.ByteSizeLong();
    page_.responses.push_back(std::move(response));
    is_told_ = true;
  }
  // Goes on to `place` without telling.
  void MoveTo(FeedPlace place) {
    page_.next = std::move(place);
    is_told_ = false;
    ++rows_;
  }

  FeedPage Finish(bool is_last) {
    if (!is_told_) Tell(WatchChangesResponse(), page_.next);
    page_.is_last = is_last;
    return std::move(page_);
  }

 private:
  FeedCursors cursors_;
  FeedPageLimits limits_;
  FeedPage page_;
  bool is_told_ = true;  // The consumer knows the place.
  size_t rows_ = 0;
  size_t bytes_ = 0;
};

// The parts of a snapshot, as of one instant.
class SnapshotReader {
 public:
  SnapshotReader(const IdentityReader& identities, const std::string& account,
                 const FeedFilter& filter, int64_t head, PageBuilder& page)
      : identities_(identities),
        account_(account),
        filter_(filter),
        head_(head),
        page_(page) {}

  absl::Status ReadGroups() {
    while (filter_.WantsGroups() && !page_.full()) {
      ASSIGN_OR_RETURN(
          const std::vector<Group> groups,
          identities_.ListGroups(page_.next().after, kGroupsPerRead));
      if (groups.empty()) break;
      for (const Group& group : groups) {
        if (page_.full()) return absl::OkStatus();
        FeedPlace place = PlaceAfter(FeedPlace::Phase::kGroups, group.id);
        if (!filter_.Wants(group)) {
          page_.MoveTo(std::move(place));
          continue;
        }
        WatchChangesResponse part = NewPart();
        *part.mutable_snapshot_group() = ToMessage(group, account_);
        page_.Tell(std::move(part), std::move(place));
      }
    }
    if (!page_.full()) page_.MoveTo(PlaceAfter(FeedPlace::Phase::kUsers, ""));
    return absl::OkStatus();
  }

  absl::Status ReadUsers() {
    bool is_done = true;
    if (filter_.WantsUsers()) {
      RETURN_IF_ERROR(
          identities_.VisitUsers(page_.next().after, [&](const User& user) {
            if (page_.full()) {
              is_done = false;
              return false;
            }
            FeedPlace place = PlaceAfter(FeedPlace::Phase::kUsers, user.id);
            if (!filter_.Wants(user)) {
              page_.MoveTo(std::move(place));
              return true;
            }
            WatchChangesResponse part = NewPart();
            *part.mutable_snapshot_user() = ToMessage(user, account_);
            page_.Tell(std::move(part), std::move(place));
            return true;
          }));
    }
    if (!is_done) return absl::OkStatus();
    WatchChangesResponse end;
    end.set_snapshot_complete(true);
    end.set_snapshot_sequence(page_.next().sequence);
    page_.Tell(std::move(end), PlaceAfter(FeedPlace::Phase::kEvents, ""));
    return absl::OkStatus();
  }

 private:
  static constexpr int kGroupsPerRead = 100;

  FeedPlace PlaceAfter(FeedPlace::Phase phase, const std::string& id) const {
    return FeedPlace{.sequence = page_.next().sequence,
                     .phase = phase,
                     .after = id,
                     .check = page_.next().check};
  }
  WatchChangesResponse NewPart() const {
    WatchChangesResponse part;
    part.set_snapshot_sequence(head_);
    return part;
  }

  const IdentityReader& identities_;
  const std::string& account_;
  const FeedFilter& filter_;
  const int64_t head_;
  PageBuilder& page_;
};

}  // namespace

absl::StatusOr<FeedPage> ReadFeedPage(const IdentityStore& store,
                                      const std::string& account,
                                      const FeedFilter& filter,
                                      const FeedPlace& place,
                                      const FeedPageLimits& limits) {
  const std::unique_ptr<rollcall::store::Reader> instant = store.Snapshot();
  const FeedReader feed(*instant, account, store.incarnation());
  const IdentityReader identities(*instant, account);
  ASSIGN_OR_RETURN(const FeedBounds bounds, feed.Bounds());
  RETURN_IF_ERROR(CheckKept(place.sequence, bounds));
  PageBuilder page(FeedCursors(store.incarnation(), filter.Digest()), limits,
                   place);
  SnapshotReader snapshot(identities, account, filter, bounds.head_sequence,
                          page);
  if (page.next().phase == FeedPlace::Phase::kGroups) {
    RETURN_IF_ERROR(snapshot.ReadGroups());
  }
  if (page.next().phase == FeedPlace::Phase::kUsers && !page.full()) {
    RETURN_IF_ERROR(snapshot.ReadUsers());
  }
  if (page.next().phase != FeedPlace::Phase::kEvents) {
    return page.Finish(/*is_last=*/false);
  }
  if (!page.full() && page.next().sequence < bounds.head_sequence) {
    RETURN_IF_ERROR(
        feed.ReadAfter(page.next().sequence, [&](v1::ChangeEvent event) {
          FeedPlace after{.sequence = event.sequence(),
                          .check = CheckOf(event)};
          if (filter.Wants(event)) {
            WatchChangesResponse response;
            *response.mutable_event() = std::move(event);
            page.Tell(std::move(response), std::move(after));
          } else {
            page.MoveTo(std::move(after));
          }
          return !page.full();
        }));
  }
  const bool is_last = page.next().sequence >= bounds.head_sequence;
  return page.Finish(is_last);
}

}  // namespace rollcall::reconciliation
