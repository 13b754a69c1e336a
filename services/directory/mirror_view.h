// A directory's mirror, frozen at one instant: it can be walked while it is
// folded, replaced or swept.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MIRROR_VIEW_H_
#define ROLLCALL_SERVICES_DIRECTORY_MIRROR_VIEW_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "services/directory/mirror_reader.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// Thread-safe.
class MirrorView {
 public:
  // None: nothing was ever read to the end. `store` must outlive the view.
  static absl::StatusOr<std::unique_ptr<MirrorView>> Open(
      const rollcall::store::Store& store, const DirectoryName& directory);

  MirrorView(std::unique_ptr<rollcall::store::Reader> snapshot, ReadPlace place,
             store::StoredRead header, store::StoredMirror mirror)
      : snapshot_(std::move(snapshot)),
        rows_(*snapshot_, std::move(place)),
        header_(std::move(header)),
        mirror_(std::move(mirror)) {}

  // How it was read, under which options.
  const store::StoredRead& header() const { return header_; }
  // What it is worth now.
  const store::StoredMirror& mirror() const { return mirror_; }
  const MirrorReader& rows() const { return rows_; }

  // Who changed after that sequence, ascending.
  absl::StatusOr<std::vector<SourceId>> ChangedSince(uint64_t sequence) const;

 private:
  const std::unique_ptr<rollcall::store::Reader> snapshot_;
  const MirrorReader rows_;
  const store::StoredRead header_;
  const store::StoredMirror mirror_;
};

// What health tells, from point reads; absent if there is none.
absl::StatusOr<absl::optional<store::StoredMirror>> FindMirror(
    const rollcall::store::Reader& reader, const DirectoryName& directory);
absl::StatusOr<absl::optional<store::StoredFailure>> FindFailure(
    const rollcall::store::Reader& reader, const DirectoryName& directory);

// Remembers that an operation failed; the next success forgets it.
absl::Status PutFailure(rollcall::store::Store& store,
                        const DirectoryName& directory, absl::Time now,
                        const absl::Status& why);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MIRROR_VIEW_H_
