// Folds a delta round into a generation's rows (B6): works out, from the rows
// as they are and from what the tenant told, what they become and who changed.
// Writes nothing itself: everything goes into one batch of the caller's.
//
// Promises: folding the same round again changes nothing; the order in which a
// round told its parts does not matter, two users that swap their names in one
// round included; counts, short names and member counts stay exact.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MIRROR_FOLD_H_
#define ROLLCALL_SERVICES_DIRECTORY_MIRROR_FOLD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "common/store/store.h"
#include "services/directory/group_fold.h"
#include "services/directory/group_table.h"
#include "services/directory/mirror_reader.h"
#include "services/directory/read_limits.h"
#include "services/directory/round_answers.h"
#include "services/directory/round_digest.h"
#include "services/directory/scope_view.h"
#include "services/directory/source_id.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

struct FoldResult {
  // As before, but for counts, completeness and group numbers; the sequence is
  // the caller's to move.
  store::StoredMirror mirror;
  std::vector<SourceId> changed;  // Users, ascending: for the change log.
  int64_t objects = 0;            // Users and groups that are different now.
};

// One use.
class MirrorFold {
 public:
  // All must outlive it. `groups` are the rows' own; `options` those of the
  // generation.
  MirrorFold(const MirrorReader& rows, const GroupTable& groups,
             const store::StoredDirectory& options, const ReadLimits& limits,
             rollcall::store::Batch& batch)
      : rows_(rows),
        before_(groups),
        options_(options),
        limits_(limits),
        batch_(batch) {}

  // RESOURCE_EXHAUSTED, reason GRAPH_ROUND_TOO_LARGE, if more users are touched
  // than one batch may hold.
  absl::StatusOr<FoldResult> Fold(const RoundDigest& digest,
                                  const RoundAnswers& answers,
                                  store::StoredMirror mirror);

 private:
  absl::Status FoldUsers(const RoundDigest& digest,
                         const RoundAnswers& answers);
  absl::StatusOr<absl::optional<store::StoredUser>> NextRow(
      const SourceId& id, const absl::optional<store::StoredUser>& base,
      const RoundDigest& digest, const RoundAnswers& answers);
  void FoldMemberships(const SourceId& id, store::StoredUser& row);
  // Those whose groups are nested otherwise now.
  absl::Status FoldNestings();
  absl::Status Touch(const SourceId& id,
                     const absl::optional<store::StoredUser>& base,
                     absl::optional<store::StoredUser> row);
  void MoveName(const SourceId& id, const std::string& from,
                const std::string& to);
  absl::Status SettleCollisions();
  absl::Status WriteRows();

  const MirrorReader& rows_;
  const GroupTable& before_;
  const store::StoredDirectory& options_;
  const ReadLimits limits_;
  rollcall::store::Batch& batch_;

  absl::optional<ScopeView> scope_before_;
  absl::optional<ScopeView> scope_after_;
  FoldResult result_;
  FoldedGroups groups_;
  absl::flat_hash_map<uint32_t, SourceId> group_ids_;  // By number.
  std::vector<int64_t> count_delta_;  // By place of selected group.
  // Rows to write; none: to delete. Serialized, to be small.
  absl::flat_hash_map<SourceId, absl::optional<std::string>> written_;
  absl::flat_hash_set<SourceId> touched_;
  absl::flat_hash_set<SourceId> changed_;
  // Users that have a short name now (true) or no longer.
  absl::flat_hash_map<std::string, absl::flat_hash_map<SourceId, bool>> names_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MIRROR_FOLD_H_
