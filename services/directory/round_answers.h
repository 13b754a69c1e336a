// What a tenant answers to the questions that a delta round leaves open.
#ifndef ROLLCALL_SERVICES_DIRECTORY_ROUND_ANSWERS_H_
#define ROLLCALL_SERVICES_DIRECTORY_ROUND_ANSWERS_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/directory/member_list.h"
#include "services/directory/source_id.h"
#include "services/directory/source_objects.h"

namespace rollcall::directory {

// A group as it is now.
struct WholeGroup {
  SourceId id;
  bool missing = false;  // The tenant does not know it (404).
  MemberList members;
  bool described = false;
  std::string skip_reason;  // If not: what is wrong with it.
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
  // Only adds to what is known.
  absl::flat_hash_map<SourceId, std::vector<SourceId>> user_groups;
  absl::flat_hash_map<SourceId, std::vector<SourceId>> outer_groups;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_ROUND_ANSWERS_H_
