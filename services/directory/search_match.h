// Decides whether a group that a search brought can be one that was asked for.
// Graph may ignore a search and answer with any groups (entra-graph-protocol,
// section 7, fault 23). Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_SEARCH_MATCH_H_
#define ROLLCALL_SERVICES_DIRECTORY_SEARCH_MATCH_H_

#include "absl/strings/string_view.h"

namespace rollcall::directory {

// False only if it cannot be: Graph cuts names into words in its own way, and
// compares letters beyond ASCII in its own way.
bool MayMatch(absl::string_view display_name, absl::string_view query);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_SEARCH_MATCH_H_
