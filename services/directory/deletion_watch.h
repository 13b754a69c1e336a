// Notices that a directory is deleted while it is read or streamed (A9).
#ifndef ROLLCALL_SERVICES_DIRECTORY_DELETION_WATCH_H_
#define ROLLCALL_SERVICES_DIRECTORY_DELETION_WATCH_H_

#include <atomic>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "common/identity/resource_name.h"
#include "services/directory/store.h"

namespace rollcall::directory {

// Thread-safe. A store that does not answer says nothing: the work itself will
// fail on it.
class DeletionWatch {
 public:
  // `directories` must outlive the watch.
  DeletionWatch(const DirectoryStore& directories, DirectoryName name)
      : directories_(directories), name_(std::move(name)) {}

  // Looks now.
  bool IsDeleted();
  // Looks once in many calls: cheap enough to ask for every row.
  bool IsDeletedByNow();

  // What to say at the end of the work: that the directory was deleted, if that
  // was noticed, or else `status`.
  absl::Status Explain(absl::Status status) const;

 private:
  const DirectoryStore& directories_;
  const DirectoryName name_;
  std::atomic<bool> deleted_{false};
  std::atomic<uint64_t> calls_{0};
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_DELETION_WATCH_H_
