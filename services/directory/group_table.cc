#include "services/directory/group_table.h"

#include <algorithm>
#include <utility>

#include "common/status/status_macros.h"

namespace rollcall::directory {

GroupTable::GroupTable(std::vector<GroupRow> rows) : rows_(std::move(rows)) {
  for (size_t place = 0; place < rows_.size(); ++place) {
    places_[rows_[place].id] = place;
  }
}

const store::StoredGroup* GroupTable::Find(const SourceId& id) const {
  const auto found = places_.find(id);
  return found == places_.end() ? nullptr : &rows_[found->second].row;
}

store::StoredGroup* GroupTable::FindMutable(const SourceId& id) {
  const auto found = places_.find(id);
  return found == places_.end() ? nullptr : &rows_[found->second].row;
}

store::StoredGroup& GroupTable::Add(const SourceId& id, uint32_t number) {
  places_[id] = rows_.size();
  rows_.push_back({id, store::StoredGroup()});
  rows_.back().row.set_number(number);
  return rows_.back().row;
}

std::vector<SourceId> GroupTable::Selected() const {
  std::vector<SourceId> selected;
  for (const GroupRow& group : rows_) {
    if (group.row.selected()) selected.push_back(group.id);
  }
  std::sort(selected.begin(), selected.end());
  return selected;
}

absl::StatusOr<GroupGraph> GroupTable::Graph() const {
  GroupGraph graph;
  for (const GroupRow& group : rows_) {
    const uint32_t outer = group.row.number();
    graph.group_count = std::max(graph.group_count, outer + 1);
    std::vector<SourceId> inner;
    RETURN_IF_ERROR(AppendIds(group.row.inner_groups(), inner));
    for (const SourceId& id : inner) {
      const store::StoredGroup* found = Find(id);
      if (found == nullptr) return MirrorDamaged("a nesting");
      graph.nestings.push_back({outer, found->number()});
    }
  }
  for (const SourceId& id : Selected()) {
    graph.selected.push_back(Find(id)->number());
  }
  return graph;
}

}  // namespace rollcall::directory
