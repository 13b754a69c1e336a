// Writes generations: everything read from a tenant, as rows of their own,
// written while it is read and sealed at the end.
//
// Promises: a generation that is not sealed is never shown; the seal is one
// batch that makes it the mirror, so a crash before it leaves a dead one and
// the mirror as it was, and a crash after it the new mirror. Dead generations,
// and sealed ones that the mirror does not name any more, are removed by Sweep
// in bounded batches, the header last, so that a crash in between leaves
// something that Sweep finds again.
#ifndef ROLLCALL_SERVICES_DIRECTORY_READ_STORE_H_
#define ROLLCALL_SERVICES_DIRECTORY_READ_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "services/directory/mirror_keys.h"
#include "services/directory/mirror_reader.h"
#include "services/directory/source_id.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// One generation being written. Users and members first, all at once and past
// the store's log; they are there from EndLoading on. Thread-safe but for
// EndLoading and what ends it: the rows do not depend on each other.
class ReadWriter {
 public:
  ReadWriter(rollcall::store::Store& store, ReadPlace place,
             store::StoredRead header)
      : store_(store),
        place_(std::move(place)),
        header_(std::move(header)),
        users_prefix_(mirror_keys::Users(place_)),
        loader_(store.BeginBulkLoad(place_.account())) {}

  const store::StoredRead& header() const { return header_; }
  const ReadPlace& place() const { return place_; }
  rollcall::store::Store& store() const { return store_; }

  // With the index of short names (A4). Each user once.
  absl::Status PutUser(const SourceId& id, const store::StoredUser& user);
  // The same of a row that is serialized; `username` is empty unless it is
  // present and has one.
  absl::Status PutUser(const SourceId& id, absl::string_view row,
                       absl::string_view username);
  // Once all users and members were put; a second time it does nothing.
  absl::Status EndLoading();
  // After EndLoading: a user that was put is there. For confirming collisions.
  absl::StatusOr<store::StoredUser> GetUser(const SourceId& id) const;
  // Marks users that were put (A4); ends the loading.
  absl::Status MarkCollisions(absl::Span<const SourceId> users);

  // The users that are direct members of a group, ascending; once per group.
  absl::Status PutMembers(const SourceId& group,
                          absl::Span<const SourceId> users);
  absl::Status PutGroups(
      absl::Span<const std::pair<SourceId, store::StoredGroup>> groups);

  // The last batch: the header with state SEALED, the cursors, and the mirror,
  // which must be `before` until then. Ends the loading. ABORTED, reason
  // READ_LOST, if the generation is not open any more or the mirror another
  // one.
  absl::Status Seal(store::StoredRead sealed,
                    const std::vector<store::StoredCursor>& cursors,
                    const absl::optional<store::StoredMirror>& before,
                    store::StoredMirror after);
  // Leaves it to Sweep.
  absl::Status Abandon();

 private:
  absl::Status CommitHeader(rollcall::store::Batch batch);

  rollcall::store::Store& store_;
  const ReadPlace place_;
  const store::StoredRead header_;
  const std::string users_prefix_;
  std::unique_ptr<rollcall::store::BulkLoader> loader_;  // None: it has ended.
};

// Adds the rows of a group's member list, ascending, in chunks.
void AppendMembers(const ReadPlace& place, const SourceId& group,
                   absl::Span<const SourceId> users,
                   rollcall::store::Batch& batch);

// Thread-safe.
class ReadStore {
 public:
  // `store` must outlive this and what it makes.
  explicit ReadStore(rollcall::store::Store& store) : store_(store) {}

  // Writes the header of a new generation. `header` has everything but epoch
  // and state.
  absl::StatusOr<std::unique_ptr<ReadWriter>> Begin(
      const DirectoryName& directory, store::StoredRead header);

  // Removes one batch of rows that nobody needs; true if there may be more.
  absl::StatusOr<bool> Sweep(const AccountName& account);

 private:
  rollcall::store::Store& store_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_READ_STORE_H_
