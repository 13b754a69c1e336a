// The one conversion between absl::Status and grpc::Status. Keeps code,
// sentence, reason, facts and retry delay in both directions.
#ifndef ROLLCALL_COMMON_STATUS_GRPC_STATUS_H_
#define ROLLCALL_COMMON_STATUS_GRPC_STATUS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpcpp/support/status.h"

namespace rollcall {

// To the wire: google.rpc.ErrorInfo with `domain` (for example
// `trash.rollcall`), and BadRequest or RetryInfo where they apply. A status
// without a reason gets the reason `INTERNAL` and a message that gives nothing
// of the inside away if its code is INTERNAL, UNKNOWN or DATA_LOSS; otherwise
// its code's name is the reason. Text is made valid UTF-8, and cut where it
// would not fit into the headers of a call: sentences past 640 bytes, facts
// past 256.
grpc::Status ToGrpcStatus(const absl::Status& status, absl::string_view domain);

// From the wire. Details that do not parse are dropped, the code and the
// sentence stay.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_STATUS_GRPC_STATUS_H_
