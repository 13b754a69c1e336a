#include "services/reconciliation/feed_streams.h"

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"

namespace rollcall::reconciliation {

absl::StatusOr<FeedStreams::Place> FeedStreams::Enter(
    const std::string& caller) {
  absl::MutexLock lock(&mutex_);
  int& own = open_by_caller_[caller];
  if (own >= kMaxStreamsPerCaller || open_ >= kMaxStreams) {
    const int limit =
        own >= kMaxStreamsPerCaller ? kMaxStreamsPerCaller : kMaxStreams;
    if (own == 0) open_by_caller_.erase(caller);
    return ResourceExhausted(reason_,
                             absl::StrCat("There are ", limit, " ", kind_,
                                          " already; close one, or try later."),
                             {{"limit", absl::StrCat(limit)}});
  }
  ++own;
  ++open_;
  return Place(*this, caller);
}

void FeedStreams::Leave(const std::string& caller) {
  absl::MutexLock lock(&mutex_);
  --open_;
  auto own = open_by_caller_.find(caller);
  if (--own->second == 0) open_by_caller_.erase(own);
}

}  // namespace rollcall::reconciliation
