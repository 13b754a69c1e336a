// Remembers the first error of a write for ever: a store that failed is not to
// be trusted until it is opened anew (reliability finding 2).
#ifndef ROLLCALL_COMMON_STORE_FAILURE_LATCH_H_
#define ROLLCALL_COMMON_STORE_FAILURE_LATCH_H_

#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "rocksdb/listener.h"
#include "rocksdb/status.h"

namespace rollcall::store {

// Thread-safe. Hears of errors in two ways: the store tells it, and RocksDB
// does so for its background work.
class FailureLatch : public rocksdb::EventListener {
 public:
  // Calls `on_failure` at the first failure from now on. Returns the failure
  // instead if there has been one already.
  absl::Status Arm(std::function<void(const absl::Status&)> on_failure);

  // UNAVAILABLE, reason STORE_FAILED, for this error and every later one.
  absl::Status Fail(const rocksdb::Status& error);

  // OK, or the first failure.
  absl::Status status() const;

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason,
                         rocksdb::Status* error) override;

  // RocksDB may not recover by itself: with Debian's assertions that ends in an
  // abort as often as in a store (reliability finding 2).
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason,
                            rocksdb::Status error,
                            bool* auto_recovery) override;

 private:
  mutable absl::Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::function<void(const absl::Status&)> on_failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_FAILURE_LATCH_H_
