// Decides whether a bearer token may go where a link points: to exactly the
// Graph that the connection names, and nowhere else.
#ifndef ROLLCALL_SERVICES_DIRECTORY_GRAPH_LINK_H_
#define ROLLCALL_SERVICES_DIRECTORY_GRAPH_LINK_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall::directory {

// OK if `link` is https, without userinfo, on exactly the host and port of
// `graph_origin`, below `/v1.0/`. DATA_LOSS, reason GRAPH_LINK_ELSEWHERE,
// otherwise; the sentence does not repeat the link, which is private.
absl::Status CheckGraphLink(absl::string_view link,
                            absl::string_view graph_origin);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_GRAPH_LINK_H_
