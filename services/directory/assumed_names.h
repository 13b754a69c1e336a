// The usernames that the users of a mirror would have if usernames were
// shortened (R32), to see what a switch would do before it is made (R33, B10).
// The mirror itself stays as it was read.
#ifndef ROLLCALL_SERVICES_DIRECTORY_ASSUMED_NAMES_H_
#define ROLLCALL_SERVICES_DIRECTORY_ASSUMED_NAMES_H_

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/directory/mirror_view.h"
#include "services/directory/scope_view.h"
#include "services/directory/source_id.h"

namespace rollcall::directory {

// Immutable. Memory: eight bytes and a number for each user while it is made,
// the ids of those who collide afterwards.
class AssumedNames {
 public:
  // Walks over the mirror twice.
  static absl::StatusOr<AssumedNames> Of(const MirrorView& mirror,
                                         const ScopeView& scope);

  // Gives the user its short name; one who cannot be read stays as he is.
  void Assume(const SourceId& id, v1::DesiredUser& user) const;

 private:
  explicit AssumedNames(absl::flat_hash_set<SourceId> colliding)
      : colliding_(std::move(colliding)) {}

  absl::flat_hash_set<SourceId> colliding_;  // A4
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_ASSUMED_NAMES_H_
