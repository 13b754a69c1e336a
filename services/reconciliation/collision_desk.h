// Keeps what was decided about objects of the source that collide (B10), and
// what runs have met.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_COLLISION_DESK_H_
#define ROLLCALL_SERVICES_RECONCILIATION_COLLISION_DESK_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "services/reconciliation/collision_notes.h"
#include "services/reconciliation/desk_decision.h"
#include "services/reconciliation/desk_store.pb.h"
#include "services/reconciliation/transaction.h"

namespace rollcall::reconciliation {

// The two kinds of objects, as keys name them.
inline constexpr absl::string_view kDeskGroups = "group";
inline constexpr absl::string_view kDeskUsers = "user";

DeskDecision DecisionOf(const store::DecisionRow& row);

// Whether a run has to look anything up, user by user.
absl::StatusOr<bool> HasUserDecisions(const rollcall::store::Reader& reader,
                                      const DirectoryName& directory);

// What was decided about an object of a kind; the preset if nothing was.
// Accounts and directories are named by their ids.
absl::StatusOr<DeskDecision> FindDecision(const rollcall::store::Reader& reader,
                                          absl::string_view account,
                                          absl::string_view directory,
                                          absl::string_view object,
                                          absl::string_view source_id);

// Decisions in the order of their keys: at most `limit` after a key.
struct ListedDecision {
  std::string key;
  std::string object;  // kDeskGroups or kDeskUsers.
  std::string source_id;
  store::DecisionRow row;
};
absl::StatusOr<std::vector<ListedDecision>> ListDecisions(
    const rollcall::store::Reader& reader, const DirectoryName& directory,
    absl::string_view after_key, int limit);

// Changes whenever a decision does: a plan holds only as long as it is the same
// (B1).
absl::StatusOr<std::string> DigestOfDecisions(
    const rollcall::store::Reader& reader, const DirectoryName& directory);

// Notes what a run has met, in the batch in which it meets it. The same again
// is one row.
void PutNotes(const std::vector<CollisionNote>& notes,
              const std::string& source_id, const std::string& source_name,
              const DeskDecision& decision, const RunName& run,
              Transaction& transaction);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_COLLISION_DESK_H_
