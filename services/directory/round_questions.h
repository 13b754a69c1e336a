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
#include "services/directory/graph_client.h"
#include "services/directory/group_table.h"
#include "services/directory/member_list.h"
#include "services/directory/membership_questions.h"
#include "services/directory/mirror_reader.h"
#include "services/directory/round_digest.h"
#include "services/directory/source_id.h"
#include "services/directory/source_objects.h"
#include "services/directory/work_crew.h"

namespace rollcall::directory {

// A group as it is now.
struct WholeGroup {
  SourceId id;
  bool missing = false;  // The tenant does not know it (404).
  MemberList members;
  bool described = false;
  SourceGroup description;
};

// A user as it is now.
struct UserAnswer {
  enum class Kind { kShown, kUnreadable, kAbsent };  // Absent: 404.
  Kind kind = Kind::kAbsent;
  SourceUser user;
  std::string reason;  // Why it cannot be read.
};

// A latest link that was taken before its groups were read.
struct GroupLink {
  std::vector<SourceId> groups;
  std::string link;
};

struct RoundAnswers {
  std::vector<WholeGroup> groups;
  absl::flat_hash_map<SourceId, UserAnswer> users;
  std::vector<GroupLink> links;  // Of groups that are new in the mirror.
  // Groups of the mirror that have users and groups who appeared from nowhere.
  // Only adds to what is known; what the round says of a membership counts
  // more.
  DirectGroups user_groups;
  DirectGroups outer_groups;
};

// What one round may ask for besides; past it, a full read is cheaper.
inline constexpr size_t kMaxRoundObjects = 100'000;
inline constexpr size_t kMaxMembershipQuestions = 20'000;

// One use.
class RoundQuestions {
 public:
  // All must outlive it. `select` are the attributes of users, `followed` the
  // groups that have links.
  RoundQuestions(GraphSession& graph, WorkCrew& crew, const MirrorReader& rows,
                 const GroupTable& groups, std::string select,
                 absl::flat_hash_set<SourceId> followed)
      : graph_(graph),
        crew_(crew),
        rows_(rows),
        groups_(groups),
        select_(std::move(select)),
        followed_(std::move(followed)) {}

  // RESOURCE_EXHAUSTED, reason GRAPH_ROUND_TOO_LARGE, past the limit.
  absl::StatusOr<RoundAnswers> Ask(const RoundDigest& digest);

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

  absl::Mutex mutex_;  // Guards what the crew's tasks write.
  RoundAnswers answers_;
  size_t objects_ = 0;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_ROUND_QUESTIONS_H_
