#include "services/directory/change_reads.h"

#include <utility>

namespace rollcall::directory {

void ChangeReads::Remember(const DirectoryName& directory, ChangeRead read) {
  absl::MutexLock lock(&mutex_);
  reads_[directory.ToString()] = std::move(read);
}

absl::optional<ChangeRead> ChangeReads::Find(const DirectoryName& directory,
                                             absl::string_view read_id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = reads_.find(directory.ToString());
  if (found == reads_.end() || found->second.header.read_id() != read_id) {
    return absl::nullopt;
  }
  return found->second;
}

}  // namespace rollcall::directory
