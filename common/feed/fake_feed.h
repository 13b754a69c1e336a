// A feed in memory, for tests of those who follow it.
#ifndef ROLLCALL_COMMON_FEED_FAKE_FEED_H_
#define ROLLCALL_COMMON_FEED_FAKE_FEED_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/feed/feed_source.h"

namespace rollcall::feed {

// Thread-safe.
class FakeFeed : public FeedSource {
 public:
  // Appends a change to the feed of `accounts/{account}`; sequence and event id
  // are set here.
  void Append(const std::string& account,
              reconciliation::v1::ChangeEvent event);

  // The producer loses all changes after `sequence`, as a restored backup does.
  void RollBack(const std::string& account, int64_t sequence);
  // The producer keeps no change up to `sequence`.
  void Drop(const std::string& account, int64_t sequence);
  // The producer loses an account with all that it knew of it.
  void Lose(const std::string& account);
  // The producer announces more events than it delivers.
  void SetUndelivered(int64_t undelivered);
  // The producer's store is another one from now on.
  void SetIncarnation(std::string incarnation);

  // Every call fails from now on, until OK is set.
  void SetStatus(absl::Status status);
  // Delivers each event twice.
  void SetDuplicating(bool duplicating);

  absl::StatusOr<std::vector<reconciliation::v1::Feed>> ListFeeds() override;
  absl::Status WatchChanges(
      const AccountName& account, const std::string& cursor, bool snapshot,
      const std::function<bool(
          const reconciliation::v1::WatchChangesResponse&)>& deliver) override;

 private:
  void AddSnapshot(
      const std::vector<reconciliation::v1::ChangeEvent>& events, size_t begin,
      const std::string& shown,
      std::vector<reconciliation::v1::WatchChangesResponse>& responses)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::string incarnation_ ABSL_GUARDED_BY(mutex_) = "first";
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  bool duplicating_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t undelivered_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, size_t> dropped_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::vector<reconciliation::v1::ChangeEvent>> events_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::feed

#endif  // ROLLCALL_COMMON_FEED_FAKE_FEED_H_
