#include "common/store/failure_latch.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/status/errors.h"

namespace rollcall::store {

absl::Status FailureLatch::Arm(
    std::function<void(const absl::Status&)> on_failure) {
  absl::MutexLock lock(&mutex_);
  if (failure_.ok()) on_failure_ = std::move(on_failure);
  return failure_;
}

absl::Status FailureLatch::Fail(const rocksdb::Status& error) {
  const std::string cause = error.ToString();
  const absl::Status failure = Unavailable(
      "STORE_FAILED",
      absl::StrCat("Writing to the store failed, and it is unknown whether the "
                   "batch is there; the store must be opened anew: ",
                   cause),
      {{"cause", cause}});
  std::function<void(const absl::Status&)> on_failure;
  {
    absl::MutexLock lock(&mutex_);
    if (!failure_.ok()) return failure_;
    failure_ = failure;
    on_failure = std::exchange(on_failure_, nullptr);
  }
  LogError("store_failed", {{"error", failure}});
  if (on_failure) on_failure(failure);
  return failure;
}

absl::Status FailureLatch::status() const {
  absl::MutexLock lock(&mutex_);
  return failure_;
}

void FailureLatch::OnBackgroundError(rocksdb::BackgroundErrorReason,
                                     rocksdb::Status* error) {
  // Kept here, so what it returns is not needed.
  Fail(*error).IgnoreError();
}

void FailureLatch::OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason,
                                        rocksdb::Status, bool* auto_recovery) {
  *auto_recovery = false;
}

}  // namespace rollcall::store
