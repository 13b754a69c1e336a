// Tells how well a directory is kept in step, from what the mirror has written
// down of itself (B6, B11). What is not known yet is absent.
#ifndef ROLLCALL_SERVICES_DIRECTORY_DIRECTORY_HEALTH_H_
#define ROLLCALL_SERVICES_DIRECTORY_DIRECTORY_HEALTH_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/directory/graph_client.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

struct HealthFacts {
  absl::optional<store::StoredMirror> mirror;
  std::vector<store::StoredCursor> cursors;
  absl::optional<store::StoredFailure> failure;
};

// All of it as of one moment.
absl::StatusOr<HealthFacts> ReadHealth(const rollcall::store::Store& store,
                                       const DirectoryName& name);

// How old the oldest change may be that the tenant has told and that is not in
// the mirror; none before the first read.
absl::optional<absl::Duration> OldestUnappliedChangeAge(
    const store::StoredMirror& mirror, absl::Time now);

// Everything but name and state.
v1::DirectoryHealth HealthOf(const HealthFacts& facts, const TenantQuota& quota,
                             absl::Time now);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_DIRECTORY_HEALTH_H_
