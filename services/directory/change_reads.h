// Remembers the last stream of changes of each directory, so that one that
// broke off can go on where it was, without asking the tenant. In memory only:
// after a restart changes are told anew, which is right too.
#ifndef ROLLCALL_SERVICES_DIRECTORY_CHANGE_READS_H_
#define ROLLCALL_SERVICES_DIRECTORY_CHANGE_READS_H_

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "rollcall/directory/v1/directory.pb.h"

namespace rollcall::directory {

// What a stream told: the changes between two states of a mirror.
struct ChangeRead {
  v1::DesiredStateHeader header;
  uint64_t after = 0;
  uint64_t sequence = 0;
};

// Thread-safe.
class ChangeReads {
 public:
  void Remember(const DirectoryName& directory, ChangeRead read);

  // The last one, if that is its id.
  absl::optional<ChangeRead> Find(const DirectoryName& directory,
                                  absl::string_view read_id) const;

 private:
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, ChangeRead> reads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_CHANGE_READS_H_
