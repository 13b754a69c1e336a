// Folds what a round told of groups: what their rows become, how they are
// nested, and who is a direct member of them in the end. A part of MirrorFold.
#ifndef ROLLCALL_SERVICES_DIRECTORY_GROUP_FOLD_H_
#define ROLLCALL_SERVICES_DIRECTORY_GROUP_FOLD_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/store/store.h"
#include "services/directory/group_table.h"
#include "services/directory/mirror_reader.h"
#include "services/directory/round_answers.h"
#include "services/directory/round_digest.h"
#include "services/directory/source_id.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// Whether somebody is a direct member in the end, by group number; what comes
// later counts.
using Memberships = std::vector<std::pair<uint32_t, bool>>;

struct FoldedGroups {
  GroupTable table;
  absl::flat_hash_map<SourceId, Memberships> memberships;
  absl::flat_hash_set<uint32_t>
      new_groups;  // Numbers; their lists are written.
  // By number: what is to be added to `members` beside the memberships above.
  absl::flat_hash_map<uint32_t, int64_t> member_delta;
  uint32_t next_number = 0;
};

// One use.
class GroupFold {
 public:
  // Both must outlive it. `groups` are the rows' own.
  GroupFold(const MirrorReader& rows, const GroupTable& groups,
            uint32_t next_number, rollcall::store::Batch& batch)
      : rows_(rows),
        batch_(batch),
        folded_{.table = groups, .next_number = next_number} {}

  absl::StatusOr<FoldedGroups> Fold(const RoundDigest& digest,
                                    const RoundAnswers& answers);

 private:
  absl::Status FoldWhole(const WholeGroup& group);
  absl::Status FoldNews(const GroupNews& news, store::StoredGroup& row);
  // What groups and users are in who appeared from nowhere.
  absl::Status FoldAppearances(const RoundAnswers& answers);

  const MirrorReader& rows_;
  rollcall::store::Batch& batch_;
  FoldedGroups folded_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_GROUP_FOLD_H_
