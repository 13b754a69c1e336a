// What may be set about delta queries while the emulator runs.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_DELTA_KNOBS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_DELTA_KNOBS_H_

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace rollcall::entra {

struct DeltaSettings {
  int64_t page_size = 200;  // objects of a page, as has been observed
  // Members of one group on one page. A round keeps the one it began with.
  int64_t slice_size = 1000;
  absl::Duration lag;  // how late changes show
  absl::Duration token_life = absl::Hours(7 * 24);
  // Every addition and removal of a member, not only the last of the round.
  bool every_step = false;
  // $select beside a $deltatoken changes the selection, as some resources have
  // it, and is not refused.
  bool select_beside_token = false;
  // Another one makes all links from before answer 410.
  uint64_t generation = 1;
};

// Thread-safe.
class DeltaKnobs {
 public:
  DeltaSettings Get() const {
    absl::MutexLock lock(&mutex_);
    return settings_;
  }

  template <typename Change>
  void Edit(Change change) {
    absl::MutexLock lock(&mutex_);
    change(settings_);
  }

 private:
  mutable absl::Mutex mutex_;
  DeltaSettings settings_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_DELTA_KNOBS_H_
