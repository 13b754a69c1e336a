// Keeps a mirror current: follows its links, folds what they tell into its
// rows, and moves the links, all in one batch. A failure or a crash before that
// batch leaves the mirror as it was, and the next round tells the same again
// (B12).
#ifndef ROLLCALL_SERVICES_DIRECTORY_MIRROR_ROUNDS_H_
#define ROLLCALL_SERVICES_DIRECTORY_MIRROR_ROUNDS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "common/time/clock.h"
#include "services/directory/delta_round.h"
#include "services/directory/graph_client.h"
#include "services/directory/group_table.h"
#include "services/directory/link_vault.h"
#include "services/directory/mirror_view.h"
#include "services/directory/read_limits.h"
#include "services/directory/round_digest.h"
#include "services/directory/round_questions.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// Which links a round follows.
enum class Follow {
  kOften,  // As a poll does: those that tell of who is in the mirror.
  kAll,    // Those of deleted groups too.
};

// How late it may be noticed that a deleted group is back.
inline constexpr absl::Duration kSeldomPeriod = absl::Minutes(15);

// Whether a round should follow all links.
bool AreSeldomLinksDue(const store::StoredMirror& mirror, absl::Time now);

// Thread-safe; one round at a time of each directory, which is the caller's to
// see to.
class MirrorRounds {
 public:
  // All must outlive it.
  MirrorRounds(rollcall::store::Store& store, const LinkVault& vault,
               Clock& clock, int parallelism, const ReadLimits& limits)
      : store_(store),
        vault_(vault),
        clock_(clock),
        parallelism_(parallelism),
        limits_(limits) {}

  // One round; gives what it told. Errors for which CallsForFullRead: the
  // mirror must be built anew.
  absl::StatusOr<RoundDigest> Run(const MirrorView& mirror, Follow which,
                                  GraphSession& graph);

  // What the tenant says of everything that the digest doubts. Lists of members
  // may be as long as those of a full read.
  absl::StatusOr<RoundAnswers> Ask(const MirrorView& mirror,
                                   const RoundDigest& doubts,
                                   GraphSession& graph);
  // How many users and groups are different from what the answers say.
  absl::StatusOr<int64_t> CountDrift(const MirrorView& mirror,
                                     const RoundAnswers& answers);
  // Folds answers without a round, as the audit does; what was different is
  // drift. `next` is the mirror's own row but for what follows from that.
  absl::Status Repair(const MirrorView& mirror, RoundAnswers answers,
                      store::StoredMirror next);

 private:
  // What goes into the one batch.
  struct Step {
    RoundDigest digest;
    RoundAnswers answers;
    store::StoredMirror next;
    absl::Time now;
    bool is_repair = false;  // What is different is drift.
  };
  absl::StatusOr<int64_t> FoldInto(const MirrorView& mirror,
                                   const GroupTable& groups, const Step& step,
                                   rollcall::store::Batch& batch);
  absl::StatusOr<std::vector<ChangeLink>> OpenLinks(
      const MirrorView& mirror, const std::vector<CursorRow>& cursors,
      Follow which);
  // `kept` are those that were not followed.
  void PutLinks(const MirrorView& mirror, const std::vector<CursorRow>& cursors,
                const std::vector<ChangeLink>& links,
                const std::vector<CursorRow>& kept,
                rollcall::store::Batch& batch);

  rollcall::store::Store& store_;
  const LinkVault& vault_;
  Clock& clock_;
  const int parallelism_;
  const ReadLimits limits_;
};

// Whether the mirror was read as the directory is configured now: selection,
// options and connection.
bool FollowsConfiguration(const store::StoredDirectory& mirrored,
                          const store::StoredDirectory& configured);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MIRROR_ROUNDS_H_
