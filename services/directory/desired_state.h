// Streams a mirror as desired state: groups, users with their flattened
// memberships, trailer. Memory follows the groups, not the users.
#ifndef ROLLCALL_SERVICES_DIRECTORY_DESIRED_STATE_H_
#define ROLLCALL_SERVICES_DIRECTORY_DESIRED_STATE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/directory/mirror_view.h"
#include "services/directory/source_id.h"

namespace rollcall::directory {

// False once nobody takes messages any more.
using WriteMessage = std::function<bool(const v1::StreamDesiredStateResponse&)>;

// Both: everything after the header. The trailer is written only after every
// row was seen and the counts tie out: DATA_LOSS, reason READ_DAMAGED,
// otherwise; it has `change_cursor`. CANCELLED if `write` said no.

// Everything in scope; users whose id is not greater than `resume_key` are left
// out. With `assume_normalization`, as if usernames were shortened (B10).
absl::Status StreamEverything(const MirrorView& mirror,
                              const absl::optional<SourceId>& resume_key,
                              const std::string& change_cursor,
                              const WriteMessage& write,
                              bool assume_normalization = false);

// All selected groups, and who changed after that sequence, `resume_key` as
// above. Users whom the tenant did not answer for are left out: nothing is
// known of them.
absl::Status StreamChanges(const MirrorView& mirror, uint64_t after,
                           const absl::optional<SourceId>& resume_key,
                           const std::string& change_cursor,
                           const WriteMessage& write);

// A user of the mirror, memberships left out.
v1::DesiredUser DesiredUserOf(const SourceId& id, store::StoredUser row);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_DESIRED_STATE_H_
