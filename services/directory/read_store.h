// Keeps full reads: the mirror of a tenant's objects in scope, written while it
// is read and sealed at the end.
//
// Promises: a read that is not sealed is never shown; the seal is one batch
// that holds proof and counts, so a crash before it leaves a dead read and a
// crash after it a whole one. Dead reads, and sealed ones beyond the newest
// two, are removed by Sweep in bounded batches, the header last, so that a
// crash in between leaves something that Sweep finds again.
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
#include "services/directory/source_id.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// Where a read lives.
struct ReadPlace {
  DirectoryName directory;
  uint64_t number = 0;  // Counts the reads of a directory.
};

// One read being written. Thread-safe: its rows do not depend on each other.
class ReadWriter {
 public:
  ReadWriter(rollcall::store::Store& store, ReadPlace place,
             store::StoredRead header)
      : store_(store), place_(std::move(place)), header_(std::move(header)) {}

  const store::StoredRead& header() const { return header_; }

  // One batch. A user that is there already is replaced.
  absl::Status PutUsers(
      absl::Span<const std::pair<SourceId, store::StoredUser>> users);
  // NOT_FOUND never: a user that was put is there. For confirming collisions.
  absl::StatusOr<store::StoredUser> GetUser(const SourceId& id) const;

  // The users that are direct members of a group; once per group.
  absl::Status PutMembers(const SourceId& group,
                          absl::Span<const SourceId> users);
  absl::Status PutGroups(
      absl::Span<const std::pair<SourceId, store::StoredGroup>> groups);
  absl::Status PutCollisions(absl::Span<const SourceId> users);

  // The last batch: the header with state SEALED. ABORTED, reason READ_LOST, if
  // the read is not open any more.
  absl::Status Seal(store::StoredRead sealed);
  // Leaves it to Sweep.
  absl::Status Abandon();

 private:
  absl::Status ReplaceHeader(const store::StoredRead& header);

  rollcall::store::Store& store_;
  const ReadPlace place_;
  const store::StoredRead header_;
};

// A sealed read, frozen: it can be walked while Sweep removes it. Thread-safe;
// a cursor is not.
class SealedRead {
 public:
  SealedRead(std::unique_ptr<rollcall::store::Reader> snapshot, ReadPlace place,
             store::StoredRead header)
      : snapshot_(std::move(snapshot)),
        place_(std::move(place)),
        header_(std::move(header)) {}

  const store::StoredRead& header() const { return header_; }

  // DATA_LOSS, reason READ_DAMAGED, if it is not there.
  absl::StatusOr<store::StoredGroup> GetGroup(const SourceId& id) const;
  absl::StatusOr<std::vector<SourceId>> GetMembers(const SourceId& group) const;
  absl::StatusOr<std::vector<SourceId>> GetCollisions() const;

  // Users in the order of their ids, after one or from the first.
  class UserCursor {
   public:
    explicit UserCursor(std::unique_ptr<rollcall::store::Cursor> cursor)
        : cursor_(std::move(cursor)) {}
    absl::StatusOr<absl::optional<std::pair<SourceId, store::StoredUser>>>
    Next();

   private:
    std::unique_ptr<rollcall::store::Cursor> cursor_;
  };
  UserCursor Users(const absl::optional<SourceId>& after) const;

 private:
  const std::unique_ptr<rollcall::store::Reader> snapshot_;
  const ReadPlace place_;
  const store::StoredRead header_;
};

// Thread-safe.
class ReadStore {
 public:
  // `store` must outlive this and what it makes.
  explicit ReadStore(rollcall::store::Store& store) : store_(store) {}

  // Writes the header of a new read. `header` has everything but epoch and
  // state.
  absl::StatusOr<std::unique_ptr<ReadWriter>> Begin(
      const DirectoryName& directory, store::StoredRead header);

  // The sealed read of that id, or none.
  absl::StatusOr<std::unique_ptr<SealedRead>> Find(
      const DirectoryName& directory, absl::string_view read_id) const;

  // Removes one batch of rows that nobody needs; true if there may be more.
  absl::StatusOr<bool> Sweep(const AccountName& account);

 private:
  rollcall::store::Store& store_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_READ_STORE_H_
