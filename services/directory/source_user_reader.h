// Reads one user from the tenant, and the groups it is in: a handful of
// requests, whatever the size of the tenant. The second look before anybody is
// removed (B3).
//
// Never mistakes trouble for absence: a membership that nothing could hide from
// us is the only one whose absence is a fact, and a 404 that names the user is
// none by itself (section 3.2 of the protocol). The tenant's deleted items have
// to show the user, or everybody else has to miss it too, and it has to be
// missed again a little later.
#ifndef ROLLCALL_SERVICES_DIRECTORY_SOURCE_USER_READER_H_
#define ROLLCALL_SERVICES_DIRECTORY_SOURCE_USER_READER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/directory/graph_client.h"
#include "services/directory/source_objects.h"

namespace rollcall::directory {

struct SourceUserOptions {
  bool with_phones = false;
  // The groups that matter, asked for by name if the user is in too many groups
  // to list them.
  std::vector<SourceId> candidates;
  // Groups that hide their members: when an answer lacks one of them, the user
  // may be in it all the same.
  std::vector<SourceId> hidden;
  // Whether the user should be there, by what the tenant said before. Nobody
  // given: that is not known of anyone.
  std::function<absl::StatusOr<bool>(const SourceId&)> is_expected;
};

struct SourceUserReading {
  bool found = false;
  SourceUser user;

  // All groups that the user is in, direct and nested, sorted; of a user who is
  // in too many (`only_candidates`), those of the candidates.
  std::vector<SourceId> groups;
  bool only_candidates = false;
  // The groups that the user is a direct member of, sorted. May lack some, or
  // hold ones that `groups` does not: it is read a moment later.
  std::vector<SourceId> direct_groups;

  // Why a group that is not in `groups` may hold the user all the same, or why
  // there may be such a user although it was not found; as sentences. Empty:
  // absence is a fact (R30).
  std::vector<std::string> doubts;
};

// By the whole user principal name (R79: INVALID_ARGUMENT, reason UPN_INVALID,
// without a domain): that nobody has it proves nothing about anybody. Errors
// are those of GraphSession, those of the pages, and GRAPH_WRONG_USER,
// DATA_LOSS: Graph gave another user than it was asked for.
absl::StatusOr<SourceUserReading> ReadSourceUserByName(
    GraphSession& graph, absl::string_view user_principal_name,
    const SourceUserOptions& options);

absl::StatusOr<SourceUserReading> ReadSourceUserById(
    GraphSession& graph, const SourceId& id, const SourceUserOptions& options);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_SOURCE_USER_READER_H_
