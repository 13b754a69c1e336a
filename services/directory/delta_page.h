// Reads a page of a delta round: what changed, not what is. Pure.
//
// As strict and as patient as graph_page.h: one broken object does not cost the
// page. `@odata.context` is never looked at; properties that are not ours are
// ignored.
#ifndef ROLLCALL_SERVICES_DIRECTORY_DELTA_PAGE_H_
#define ROLLCALL_SERVICES_DIRECTORY_DELTA_PAGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "services/directory/graph_limits.h"
#include "services/directory/source_objects.h"

namespace rollcall::directory {

// How an object went: "changed" may come back, "deleted" will not. A reason
// that we do not know counts as restorable.
enum class Removal : uint8_t { kRestorable, kFinal };

// Properties are tri-state: what is absent did not change or was never set.
struct UserChange {
  SourceUser user;
  absl::optional<Removal> removal;
};

// A member came, or went. Direct members only.
struct MemberChange {
  SourceMember member;
  bool removed = false;
};

// A slice: the same group may come again with further members.
struct GroupChange {
  SourceGroup group;
  absl::optional<Removal> removal;
  std::vector<MemberChange> members;  // In arrival order: the last one counts.
};

template <typename Change>
struct DeltaPage {
  std::vector<Change> items;
  // Objects that were left out. Of a group whose own properties could be read,
  // but not all of its members, the rest is told in `items` nevertheless.
  std::vector<SkippedObject> skipped;
  // Exactly one of them.
  absl::optional<std::string> next_link;
  absl::optional<std::string> delta_link;
};

// DATA_LOSS, reason GRAPH_PAGE_MALFORMED (a page without a link, or with both,
// too) or GRAPH_PAGE_TOO_LARGE.
absl::StatusOr<DeltaPage<UserChange>> ParseUserDelta(
    absl::string_view body, const PageLimits& limits = {});
absl::StatusOr<DeltaPage<GroupChange>> ParseGroupDelta(
    absl::string_view body, const PageLimits& limits = {});

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_DELTA_PAGE_H_
