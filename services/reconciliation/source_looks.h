// Asks the source for several users one by one, some at a time (B3).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_SOURCE_LOOKS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_SOURCE_LOOKS_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/identity/resource_name.h"
#include "services/reconciliation/client.h"
#include "services/reconciliation/source_records.h"

namespace rollcall::reconciliation {

// As many questions are on the way at a time: each is a handful of requests to
// the tenant, whose quota others share.
inline constexpr int kLooksAtATime = 8;

// What the source says about each of `source_ids`, or the first error: then
// nothing is known about any of them.
absl::StatusOr<absl::flat_hash_map<std::string, SourceView>> LookAt(
    const std::vector<std::string>& source_ids, const DirectoryName& directory,
    const absl::flat_hash_map<std::string, std::string>& group_ids,
    DirectoryClient& client);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_SOURCE_LOOKS_H_
