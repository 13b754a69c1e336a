// Reads the rows of one generation: users with their direct groups, groups,
// and who is in them after every fold. Damage is an error, never an absence.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MIRROR_READER_H_
#define ROLLCALL_SERVICES_DIRECTORY_MIRROR_READER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/store/store.h"
#include "services/directory/mirror_keys.h"
#include "services/directory/source_id.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

struct GroupRow {
  SourceId id;
  store::StoredGroup row;
};

struct CursorRow {
  uint64_t slice = 0;
  store::StoredCursor row;
};

// Users in the order of their ids. One thread.
class UserCursor {
 public:
  struct Row {
    SourceId id;
    std::string bytes;  // A StoredUser.
  };

  UserCursor(std::unique_ptr<rollcall::store::Cursor> cursor,
             std::string prefix)
      : cursor_(std::move(cursor)), prefix_(std::move(prefix)) {}

  absl::StatusOr<absl::optional<Row>> Next();

 private:
  std::unique_ptr<rollcall::store::Cursor> cursor_;
  const std::string prefix_;
};

// Thread-safe.
class MirrorReader {
 public:
  // `reader` must outlive this.
  MirrorReader(const rollcall::store::Reader& reader, ReadPlace place)
      : reader_(reader), place_(std::move(place)) {}

  const ReadPlace& place() const { return place_; }

  // None: a member of no group.
  absl::StatusOr<absl::optional<store::StoredUser>> FindUser(
      const SourceId& id) const;
  // After one or from the first.
  UserCursor Users(const absl::optional<SourceId>& after) const;

  absl::StatusOr<absl::optional<store::StoredGroup>> FindGroup(
      const SourceId& id) const;
  // All of them, in the order of their ids.
  absl::StatusOr<std::vector<GroupRow>> Groups() const;

  // The users that are direct members, ascending.
  absl::StatusOr<std::vector<SourceId>> Members(const SourceId& group) const;

  // The users in scope of that username, ascending; only while usernames are
  // normalized.
  absl::StatusOr<std::vector<SourceId>> UsersNamed(
      absl::string_view username) const;

  // In the order of slices.
  absl::StatusOr<std::vector<CursorRow>> Cursors() const;

 private:
  const rollcall::store::Reader& reader_;
  const ReadPlace place_;
};

// DATA_LOSS, reason READ_DAMAGED.
absl::Status MirrorDamaged(absl::string_view what);

// Adds the ids of a blob, 16 bytes each.
absl::Status AppendIds(absl::string_view bytes, std::vector<SourceId>& ids);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MIRROR_READER_H_
