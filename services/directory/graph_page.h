// Reads the bodies of Graph's answers. Never trusts them: any bytes give a
// value or an error, within limits on size, depth and count.
//
// One broken object does not cost the page: an object that holds invalid UTF-8,
// a NUL, a key twice, a wrong type or a text past the limit is left out with a
// reason; its id is told if that much could be read. A page whose frame is
// broken (not JSON, no `value`) is an error and counts as not received.
#ifndef ROLLCALL_SERVICES_DIRECTORY_GRAPH_PAGE_H_
#define ROLLCALL_SERVICES_DIRECTORY_GRAPH_PAGE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "services/directory/graph_limits.h"
#include "services/directory/source_objects.h"

namespace rollcall::directory {

template <typename Object>
struct Page {
  std::vector<Object> items;
  std::vector<SkippedObject> skipped;
  absl::optional<std::string> next_link;
};

// Collections of one kind. DATA_LOSS, reason GRAPH_PAGE_MALFORMED or
// GRAPH_PAGE_TOO_LARGE.
absl::StatusOr<Page<SourceUser>> ParseUserPage(absl::string_view body,
                                               const PageLimits& limits = {});
// The same for one page after the other: the memory of a page that is not
// needed any more, whatever it holds, serves again.
absl::StatusOr<Page<SourceUser>> ParseUserPageInto(
    Page<SourceUser> used, absl::string_view body,
    const PageLimits& limits = {});
absl::StatusOr<Page<SourceGroup>> ParseGroupPage(absl::string_view body,
                                                 const PageLimits& limits = {});
// Members of any kind; the kind is told by `@odata.type`.
absl::StatusOr<Page<SourceMember>> ParseMemberPage(
    absl::string_view body, const PageLimits& limits = {});

// Plain ids, as the functions about memberships give them: up to 11,000 at
// once.
absl::StatusOr<Page<SourceId>> ParseIdPage(absl::string_view body,
                                           const PageLimits& limits = {
                                               .max_items = 20'000});

// Single objects; here a skipped object is an error, reason
// GRAPH_OBJECT_MALFORMED.
absl::StatusOr<SourceUser> ParseUser(absl::string_view body,
                                     const PageLimits& limits = {});
absl::StatusOr<SourceGroup> ParseGroup(absl::string_view body,
                                       const PageLimits& limits = {});

// The codes of an error body, at any level of `innerError`, outermost first;
// empty for a body that is no JSON, as gateways send them. At most 16, each at
// most 64 characters of [A-Za-z0-9_.-], `?` in the place of any other.
std::vector<std::string> ParseErrorCodes(absl::string_view body);

// The plain number that `/$count` answers with, a byte order mark allowed.
absl::optional<int64_t> ParseCount(absl::string_view body);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_GRAPH_PAGE_H_
