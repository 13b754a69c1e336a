// Reads everything that a directory selects, and writes it into the mirror,
// ready to be sealed.
#ifndef ROLLCALL_SERVICES_DIRECTORY_FULL_READ_H_
#define ROLLCALL_SERVICES_DIRECTORY_FULL_READ_H_

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "services/directory/graph_client.h"
#include "services/directory/read_store.h"
#include "services/directory/store.pb.h"
#include "services/directory/user_reader.h"

namespace rollcall::directory {

struct FullReadOptions {
  int parallelism = 8;  // Requests at once; 4 to 8 are good manners.
  UserSource user_source = UserSource::kBySize;
};

struct FullReadProgress {
  int64_t objects_read = 0;
  int64_t objects_expected = 0;  // 0 while it is not known.
  int64_t requests = 0;
};

// A token for one tenant must never fill another one's mirror.
// FAILED_PRECONDITION, reason TENANT_MISMATCH.
absl::Status CheckTenant(GraphSession& graph);

// Gives the header to seal the read with, proof and counts included; everything
// else is written by then. A read that is not complete says why. An error means
// that nothing useful was read: the tenant is another one, the token or a
// permission is refused, Graph is down, or the caller has gone.
//
// `report` is called on this thread, now and then.
absl::StatusOr<store::StoredRead> ReadEverything(
    GraphSession& graph, ReadWriter& writer, const FullReadOptions& options,
    const std::function<void(const FullReadProgress&)>& report);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_FULL_READ_H_
