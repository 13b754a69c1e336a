// One operation per directory at a time: a read, a round or a slice of the
// audit.
#ifndef ROLLCALL_SERVICES_DIRECTORY_DIRECTORY_SLOTS_H_
#define ROLLCALL_SERVICES_DIRECTORY_DIRECTORY_SLOTS_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/identity/resource_name.h"

namespace rollcall::directory {

// Thread-safe.
class DirectorySlots {
 public:
  // Holds a directory from Take until its end.
  class Hold {
   public:
    Hold(DirectorySlots& slots, const DirectoryName& directory)
        : slots_(slots), directory_(directory.ToString()) {}
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

    // Waits until the directory is free. CANCELLED, reason READ_CANCELLED.
    absl::Status Take(const std::function<bool()>& cancelled);
    // False if it is not free.
    bool TryTake();

   private:
    bool IsFree() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
      return !slots_.held_.contains(directory_);
    }

    DirectorySlots& slots_;
    const std::string directory_;
    bool held_ = false;
  };

 private:
  absl::Mutex mutex_;
  absl::flat_hash_set<std::string> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_DIRECTORY_SLOTS_H_
