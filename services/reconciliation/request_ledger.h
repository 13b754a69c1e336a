// Answers a request that is repeated under its id with the reply that it got
// (AIP-155), for a day.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_REQUEST_LEDGER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_REQUEST_LEDGER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "google/protobuf/message.h"
#include "services/reconciliation/transaction.h"

namespace rollcall::reconciliation {

// A request as the ledger knows it. A value.
struct RequestIdentity {
  std::string id;      // Empty: the caller does not mind a repeat.
  std::string digest;  // Of everything that was asked for.

  // INVALID_ARGUMENT, reason REQUEST_ID_INVALID, unless `id` is empty or a
  // UUID.
  static absl::StatusOr<RequestIdentity> Of(
      absl::string_view id, const google::protobuf::Message& request);
};

// The reply, if the request has been carried out. INVALID_ARGUMENT, reason
// REQUEST_ID_REUSED, if another request had this id.
absl::StatusOr<absl::optional<std::string>> FindReply(
    const RequestIdentity& request, const Transaction& transaction);

// Writes the reply with what the request does, and forgets a few old ones.
absl::Status RememberReply(const RequestIdentity& request, std::string reply,
                           absl::Time now, Transaction& transaction);

// Forgets replies that are older than a day, at most `limit`; answers how many.
absl::StatusOr<int> ForgetRequests(absl::Time now, int limit,
                                   Transaction& transaction);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_REQUEST_LEDGER_H_
