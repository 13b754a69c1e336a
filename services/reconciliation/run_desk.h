// Hands out work to the threads that carry it out, so that no directory is
// worked on by two of them. Holds nothing that matters: runs are in the store,
// and a poll that is forgotten is due again.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_DESK_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_DESK_H_

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_set.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"

namespace rollcall::reconciliation {

// Thread-safe.
class RunDesk {
 public:
  // A directory that a thread works on, until the claim is dropped.
  class Claim {
   public:
    Claim(RunDesk& desk, DirectoryName directory)
        : desk_(&desk), directory_(std::move(directory)) {}
    Claim(Claim&& other) noexcept
        : desk_(std::exchange(other.desk_, nullptr)),
          directory_(std::move(other.directory_)) {}
    Claim& operator=(Claim&&) = delete;
    ~Claim() {
      if (desk_ != nullptr) desk_->Release(directory_);
    }
    const DirectoryName& directory() const { return directory_; }

   private:
    RunDesk* desk_;
    DirectoryName directory_;
  };

  // None if somebody works on it.
  absl::optional<Claim> TryClaim(const DirectoryName& directory);

  // Asks for a poll, unless it is asked for already.
  void AddPoll(const DirectoryName& directory);
  // A directory to be polled that nobody works on.
  absl::optional<Claim> TakePoll();

 private:
  void Release(const DirectoryName& directory);

  absl::Mutex mutex_;
  absl::btree_set<DirectoryName> claimed_ ABSL_GUARDED_BY(mutex_);
  absl::btree_set<DirectoryName> polls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_DESK_H_
