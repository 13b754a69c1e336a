// Verifies one slice of a mirror (B6), and repairs what no change log told.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MIRROR_AUDIT_H_
#define ROLLCALL_SERVICES_DIRECTORY_MIRROR_AUDIT_H_

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "services/directory/audit_slice.h"
#include "services/directory/graph_client.h"
#include "services/directory/mirror_rounds.h"
#include "services/directory/mirror_view.h"
#include "services/directory/round_digest.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// Whether a mirror has a slice that is due.
bool IsAuditDue(const store::StoredMirror& mirror, absl::Time now);

// One use; the directory's slot is held meanwhile.
class MirrorAudit {
 public:
  // What is done with the whole mirror.
  struct Steps {
    std::function<absl::StatusOr<std::unique_ptr<MirrorView>>()> show;
    // Folds a round, and gives what it told; none: everything must be read.
    std::function<absl::StatusOr<absl::optional<RoundDigest>>()> round;
  };

  // All must outlive it.
  MirrorAudit(MirrorRounds& rounds, GraphSession& graph, Steps steps,
              absl::Time time)
      : rounds_(rounds), graph_(graph), steps_(std::move(steps)), time_(time) {}

  // False if everything must be read, which verifies everything.
  absl::StatusOr<bool> VerifyNextSlice();
  // After everything was read.
  absl::Status EndCycle();

 private:
  // What of the slice is left to be verified; none: everything must be read.
  // Once nothing is left, or after the last look, the mirror's place in the
  // audit is `next`.
  absl::StatusOr<absl::optional<AuditSlice>> Look(
      const AuditSlice& slice, const store::StoredAudit& next, bool is_last);
  absl::StatusOr<std::unique_ptr<MirrorView>> Show();

  MirrorRounds& rounds_;
  GraphSession& graph_;
  const Steps steps_;
  const absl::Time time_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MIRROR_AUDIT_H_
