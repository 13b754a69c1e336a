// Ids that sort in the order in which they were drawn, like version 7 of the
// UUIDs of RFC 9562, in the letters of a resource name. Rows of new things are
// then new at the end of their tables, where a store has least to do.
#ifndef ROLLCALL_COMMON_CRYPTO_TIME_ORDERED_IDS_H_
#define ROLLCALL_COMMON_CRYPTO_TIME_ORDERED_IDS_H_

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/time/clock.h"

namespace rollcall {

// Thread-safe. Two sources of ids agree as far as their clocks do; that they
// draw the same id has a chance of 2^-55 in the same millisecond.
class TimeOrderedIds {
 public:
  // `clock` must outlive this.
  explicit TimeOrderedIds(Clock& clock) : clock_(clock) {}

  // An id of 20 characters of [a-z2-7], beginning with a letter: milliseconds
  // since 1970, then 55 random bits. Greater than all before, wherever the
  // clock has jumped.
  std::string Next();

 private:
  uint64_t DrawRandom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Clock& clock_;
  absl::Mutex mutex_;
  int64_t time_ ABSL_GUARDED_BY(mutex_) = -1;
  uint64_t low_ ABSL_GUARDED_BY(mutex_) = 0;
  // Random bytes are drawn for many ids at once.
  std::string random_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_CRYPTO_TIME_ORDERED_IDS_H_
