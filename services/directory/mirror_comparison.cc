#include "services/directory/mirror_comparison.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/directory/group_table.h"
#include "services/directory/scope_view.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {
namespace {

using ::rollcall::store::Batch;
using ::rollcall::store::Parse;
using ::rollcall::store::Serialize;
using store::StoredUser;

constexpr size_t kEntriesPerBatch = 4'000;

// One of the two sides.
class Side {
 public:
  static absl::StatusOr<Side> Of(const MirrorReader& rows) {
    ASSIGN_OR_RETURN(std::vector<GroupRow> groups, rows.Groups());
    std::string shape;
    for (GroupRow& group : groups) {
      store::StoredGroup row;
      row.set_selected(group.row.selected());
      row.set_number(group.row.number());
      row.set_inner_groups(group.row.inner_groups());
      shape += group.id.Bytes() + Serialize(row);
    }
    ASSIGN_OR_RETURN(ScopeView scope,
                     ScopeView::Of(GroupTable(std::move(groups))));
    Side side(rows, std::move(scope), std::move(shape));
    RETURN_IF_ERROR(side.Advance());
    return side;
  }

  absl::Status Advance() {
    ASSIGN_OR_RETURN(row_, cursor_.Next());
    return absl::OkStatus();
  }
  const absl::optional<UserCursor::Row>& row() const { return row_; }
  // Equal for equal groups, numbers and nestings.
  const std::string& shape() const { return shape_; }

  // What a stream would tell of the present user; empty if it is not in scope.
  absl::StatusOr<std::string> Told() const {
    ASSIGN_OR_RETURN(StoredUser user, Parse<StoredUser>(row_->bytes));
    std::vector<uint32_t> places;
    scope_.GroupsOf(user, places);
    if (places.empty() || user.presence() != StoredUser::PRESENT) {
      return std::string();
    }
    user.clear_direct_groups();
    std::string told = Serialize(user);
    for (const uint32_t place : places) {
      told += scope_.selected()[place].Bytes();
    }
    return told;
  }

 private:
  Side(const MirrorReader& rows, ScopeView scope, std::string shape)
      : scope_(std::move(scope)),
        shape_(std::move(shape)),
        cursor_(rows.Users(absl::nullopt)) {}

  ScopeView scope_;
  std::string shape_;
  UserCursor cursor_;
  absl::optional<UserCursor::Row> row_;
};

}  // namespace

absl::StatusOr<int64_t> LogDifferences(const MirrorReader& before,
                                       const MirrorReader& after,
                                       uint64_t sequence, int64_t max_entries,
                                       rollcall::store::Store& store) {
  ASSIGN_OR_RETURN(Side old_side, Side::Of(before));
  ASSIGN_OR_RETURN(Side new_side, Side::Of(after));
  const bool same_shape = old_side.shape() == new_side.shape();
  const DirectoryName& directory = after.place().directory;
  Batch batch(after.place().account());
  int64_t count = 0;
  while (count <= max_entries &&
         (old_side.row().has_value() || new_side.row().has_value())) {
    const bool in_old = old_side.row().has_value() &&
                        (!new_side.row().has_value() ||
                         old_side.row()->id <= new_side.row()->id);
    const bool in_new = new_side.row().has_value() &&
                        (!old_side.row().has_value() ||
                         new_side.row()->id <= old_side.row()->id);
    const SourceId id = in_old ? old_side.row()->id : new_side.row()->id;
    const bool same_bytes = in_old && in_new && same_shape &&
                            old_side.row()->bytes == new_side.row()->bytes;
    if (!same_bytes) {
      std::string old_told;
      std::string new_told;
      if (in_old) {
        ASSIGN_OR_RETURN(old_told, old_side.Told());
      }
      if (in_new) {
        ASSIGN_OR_RETURN(new_told, new_side.Told());
      }
      if (old_told != new_told) {
        ++count;
        batch.Put(mirror_keys::Change(directory, sequence, id), "");
      }
    }
    if (in_old) RETURN_IF_ERROR(old_side.Advance());
    if (in_new) RETURN_IF_ERROR(new_side.Advance());
    if (batch.operations().size() >= kEntriesPerBatch) {
      RETURN_IF_ERROR(store.Commit(batch));
      batch = Batch(after.place().account());
    }
  }
  if (!batch.empty()) RETURN_IF_ERROR(store.Commit(batch));
  return count;
}

}  // namespace rollcall::directory
