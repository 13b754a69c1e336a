// Asks the tenant what a delta round leaves open, before anything is folded:
// who is in groups that are new, back or in doubt; which groups somebody is in
// who appears from nowhere; and what users are whom the mirror does not know.
// An answer that does not come fails the round.
#ifndef ROLLCALL_SERVICES_DIRECTORY_ROUND_QUESTIONS_H_
#define ROLLCALL_SERVICES_DIRECTORY_ROUND_QUESTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "services/directory/delta_round.h"
#include "services/directory/graph_client.h"
#include "services/directory/group_table.h"
#include "services/directory/membership_questions.h"
#include "services/directory/mirror_reader.h"
#include "services/directory/read_limits.h"
#include "services/directory/round_answers.h"
#include "services/directory/round_digest.h"
#include "services/directory/source_id.h"
#include "services/directory/source_objects.h"
#include "services/directory/work_crew.h"

namespace rollcall::directory {

// Whose memberships a round leaves open.
enum class InDoubt {
  // Who appears from nowhere.
  kNewcomers,
  // Everybody it tells of: the lists of members were read while it happened,
  // and whoever was deleted and restored meanwhile is in some of them only.
  kEverybodyTold,
};

// One use.
class RoundQuestions {
 public:
  // All must outlive it. `select` are the attributes of users, `followed` the
  // groups that have links.
  RoundQuestions(GraphSession& graph, WorkCrew& crew, const MirrorReader& rows,
                 const GroupTable& groups, std::string select,
                 absl::flat_hash_set<SourceId> followed,
                 const ReadLimits& limits,
                 InDoubt in_doubt = InDoubt::kNewcomers)
      : graph_(graph),
        crew_(crew),
        rows_(rows),
        groups_(groups),
        select_(std::move(select)),
        followed_(std::move(followed)),
        limits_(limits),
        in_doubt_(in_doubt) {}

  // `links` is where the digest ended: they are followed once more, to see who
  // came back while lists were read; none if somebody else sees to that.
  // RESOURCE_EXHAUSTED, reason GRAPH_ROUND_TOO_LARGE, past the limits.
  absl::StatusOr<RoundAnswers> Ask(const RoundDigest& digest,
                                   const std::vector<ChangeLink>& links);

 private:
  absl::Status AskForGroups(const RoundDigest& digest);
  absl::Status AskForOuterGroups(const RoundDigest& digest);
  absl::Status AskForUserGroups(const RoundDigest& digest);
  absl::Status TakeLinks(const std::vector<SourceId>& groups);
  absl::Status ReadGroups(const std::vector<SourceId>& groups);
  absl::Status Describe();
  absl::StatusOr<std::vector<SourceId>> UnknownUsers(const RoundDigest& digest);
  absl::Status Fetch(const std::vector<SourceId>& users);
  absl::Status FetchPart(const std::vector<SourceId>& users);
  absl::Status Confirm(const SourceId& user);

  GraphSession& graph_;
  WorkCrew& crew_;
  const MirrorReader& rows_;
  const GroupTable& groups_;
  const std::string select_;
  const absl::flat_hash_set<SourceId> followed_;
  const ReadLimits limits_;
  const InDoubt in_doubt_;

  absl::Mutex mutex_;  // Guards what the crew's tasks write.
  RoundAnswers answers_;
  size_t members_ = 0;  // In the lists that were read.
  // The round says that somebody is there, and Graph then that they are not.
  bool told_and_absent_ = false;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_ROUND_QUESTIONS_H_
