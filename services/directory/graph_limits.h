// How much an answer of Graph may hold, and what is told of an object that is
// left out of it. Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_GRAPH_LIMITS_H_
#define ROLLCALL_SERVICES_DIRECTORY_GRAPH_LIMITS_H_

#include <cstddef>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "services/directory/source_id.h"

namespace rollcall::directory {

struct PageLimits {
  size_t max_bytes = size_t{32} << 20;  // A page of 999 users is 0.6 MiB.
  size_t max_depth = 32;
  size_t max_items = 5000;       // 999 are asked for, 1000 of getByIds.
  size_t max_text_bytes = 4096;  // Graph's longest names have 256 characters.
  size_t max_link_bytes = 16384;
  size_t max_members = 200'000;  // Of all groups of a delta page together.
};

// An object that was left out.
struct SkippedObject {
  // UPPER_SNAKE_CASE: OBJECT_NOT_AN_OBJECT, OBJECT_ID_INVALID,
  // OBJECT_KEY_TWICE, OBJECT_WRONG_TYPE, OBJECT_TEXT_INVALID,
  // OBJECT_TEXT_TOO_LONG, OBJECT_TYPE_MISSING (of members).
  std::string reason;
  absl::optional<SourceId> id;  // If it could be read.
};

// Whether a user with that skip reason is an object that could not be read.
inline bool IsUnreadable(absl::string_view skip_reason) {
  return absl::StartsWith(skip_reason, "OBJECT_");
}

// How it is counted that a group's description could not be read.
inline std::string WarningOfGroup(absl::string_view reason) {
  return absl::StrCat("GROUP_", reason);
}

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_GRAPH_LIMITS_H_
