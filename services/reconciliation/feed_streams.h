// Counts the streams of one kind that are open, of the feed or of runs, so that
// readers, however slow, leave threads and memory for others.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_FEED_STREAMS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_FEED_STREAMS_H_

#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace rollcall::reconciliation {

// At a time; each stream holds one of the server's 256 threads and one page.
inline constexpr int kMaxStreamsPerCaller = 8;
inline constexpr int kMaxStreams = 64;

// Thread-safe.
class FeedStreams {
 public:
  // `reason` and `kind`, "streams of the feed", are for whoever is refused.
  FeedStreams(std::string reason, std::string kind)
      : reason_(std::move(reason)), kind_(std::move(kind)) {}

  // A place among them, given back when it goes; must not outlive this.
  class Place {
   public:
    Place(FeedStreams& streams, std::string caller)
        : streams_(&streams), caller_(std::move(caller)) {}
    Place(Place&& other)
        : streams_(std::exchange(other.streams_, nullptr)),
          caller_(std::move(other.caller_)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (streams_ != nullptr) streams_->Leave(caller_);
    }

   private:
    FeedStreams* streams_;
    std::string caller_;
  };

  // A place for one more stream of `caller`. RESOURCE_EXHAUSTED, with the
  // reason, if there is none.
  absl::StatusOr<Place> Enter(const std::string& caller);

 private:
  void Leave(const std::string& caller);

  const std::string reason_;
  const std::string kind_;
  absl::Mutex mutex_;
  int open_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<std::string, int> open_by_caller_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_FEED_STREAMS_H_
