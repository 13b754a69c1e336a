// The groups of a mirror and how they are nested: small, whatever the number of
// users. Pure but for the rows that it holds.
#ifndef ROLLCALL_SERVICES_DIRECTORY_GROUP_TABLE_H_
#define ROLLCALL_SERVICES_DIRECTORY_GROUP_TABLE_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "services/directory/group_closure.h"
#include "services/directory/mirror_reader.h"
#include "services/directory/source_id.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// A value. Places are those in `rows`, numbers those of the mirror.
class GroupTable {
 public:
  GroupTable() = default;
  // `rows` in the order of their ids.
  explicit GroupTable(std::vector<GroupRow> rows);

  const std::vector<GroupRow>& rows() const { return rows_; }

  // None: not a group of the mirror. Valid until a group is added.
  const store::StoredGroup* Find(const SourceId& id) const;
  store::StoredGroup* FindMutable(const SourceId& id);
  // A group with the next number; once per id.
  store::StoredGroup& Add(const SourceId& id, uint32_t number);

  // The selected groups in the order of their ids: the places that GroupClosure
  // names.
  std::vector<SourceId> Selected() const;
  // DATA_LOSS, reason READ_DAMAGED, if a nesting leads to no group.
  absl::StatusOr<GroupGraph> Graph() const;

 private:
  std::vector<GroupRow> rows_;
  absl::flat_hash_map<SourceId, size_t> places_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_GROUP_TABLE_H_
