// Decides whether a read is complete: the proof that R30 and B3 ask for before
// anybody may be removed or disabled. When in doubt, it is not. Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_COMPLETENESS_H_
#define ROLLCALL_SERVICES_DIRECTORY_COMPLETENESS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/directory/source_objects.h"

namespace rollcall::directory {

// What was seen of one group, selected or nested.
struct GroupEvidence {
  enum class Chain {
    kClosed,   // Every page arrived; the last one had no nextLink.
    kCut,      // It ended with an error: `error`.
    kMissing,  // The tenant does not know the group (404).
  };

  SourceId id;
  bool selected = false;
  Chain chain = Chain::kClosed;
  std::string error;       // A sentence.
  int64_t members = 0;     // Of any kind.
  int64_t unreadable = 0;  // Members that could not be read.
  // Whether name and visibility of the group were read.
  bool described = false;
  std::string skip_reason;  // If not: what is wrong with them.
  std::string visibility;
};

// What was seen of the users in scope.
struct UserEvidence {
  int64_t hidden = 0;  // The source shows nothing but the id: no permission.
  int64_t unread = 0;  // In scope, and the source did not answer for them.
  std::string unread_error;  // Why, a sentence.
};

struct ReadEvidence {
  std::vector<GroupEvidence> groups;
  UserEvidence users;
};

struct Completeness {
  bool complete = false;
  std::vector<std::string> reasons;  // Sentences; at most kMaxReasons.
};

inline constexpr size_t kMaxReasons = 50;

Completeness JudgeCompleteness(const ReadEvidence& evidence);

// Whether a group of that visibility hides who is in it.
bool HidesMembers(absl::string_view visibility);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_COMPLETENESS_H_
