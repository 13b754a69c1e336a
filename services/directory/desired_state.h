// Streams a sealed read as desired state: groups, users beside their flattened
// memberships, trailer. Memory follows the memberships' ids, not the users.
#ifndef ROLLCALL_SERVICES_DIRECTORY_DESIRED_STATE_H_
#define ROLLCALL_SERVICES_DIRECTORY_DESIRED_STATE_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/directory/read_store.h"
#include "services/directory/source_id.h"

namespace rollcall::directory {

// False once nobody takes messages any more.
using WriteMessage = std::function<bool(const v1::StreamDesiredStateResponse&)>;

// Everything after the header. Users whose id is not greater than `resume_key`
// are left out. The trailer is written only after every row was seen and the
// counts tie out: DATA_LOSS, reason READ_DAMAGED, otherwise. CANCELLED if
// `write` said no.
absl::Status StreamRead(const SealedRead& read,
                        const absl::optional<SourceId>& resume_key,
                        const WriteMessage& write);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_DESIRED_STATE_H_
