// Builds errors that a stranger can act on: a canonical code, a reason for
// programs, a sentence for people, the facts (AIP-193). Pure: knows nothing of
// gRPC. `common/status/grpc_status.h` is the one place that turns them into a
// grpc::Status.
#ifndef ROLLCALL_COMMON_STATUS_ERRORS_H_
#define ROLLCALL_COMMON_STATUS_ERRORS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace rollcall {

// The variables of the sentence, by name. Never a secret. The fact `field` of
// an INVALID_ARGUMENT names the wrong field of the request and reaches the
// caller as a BadRequest violation too.
using Facts = std::vector<std::pair<std::string, std::string>>;

//   NotFound("ACCOUNT_NOT_FOUND",
//            absl::StrCat("No account named ", name, "."),
//            {{"account", name}});
//
// `reason` is UPPER_SNAKE_CASE, at most 63 characters; `message` is a sentence.
absl::Status InvalidArgument(absl::string_view reason,
                             absl::string_view message, Facts facts = {});
absl::Status NotFound(absl::string_view reason, absl::string_view message,
                      Facts facts = {});
absl::Status AlreadyExists(absl::string_view reason, absl::string_view message,
                           Facts facts = {});
absl::Status FailedPrecondition(absl::string_view reason,
                                absl::string_view message, Facts facts = {});
absl::Status PermissionDenied(absl::string_view reason,
                              absl::string_view message, Facts facts = {});
absl::Status Unauthenticated(absl::string_view reason,
                             absl::string_view message, Facts facts = {});
absl::Status Aborted(absl::string_view reason, absl::string_view message,
                     Facts facts = {});
absl::Status ResourceExhausted(absl::string_view reason,
                               absl::string_view message, Facts facts = {});
absl::Status DataLoss(absl::string_view reason, absl::string_view message,
                      Facts facts = {});
absl::Status Internal(absl::string_view reason, absl::string_view message,
                      Facts facts = {});
absl::Status Unavailable(absl::string_view reason, absl::string_view message,
                         Facts facts = {});
absl::Status DeadlineExceeded(absl::string_view reason,
                              absl::string_view message, Facts facts = {});
absl::Status Cancelled(absl::string_view reason, absl::string_view message,
                       Facts facts = {});

// An error with the given code; the named builders above read better where the
// code is known.
absl::Status MakeError(absl::StatusCode code, absl::string_view reason,
                       absl::string_view message, Facts facts = {});

// The reason of an error built here; empty for any other status.
std::string ReasonOf(const absl::Status& status);

// The facts of an error built here; empty for any other status.
Facts FactsOf(const absl::Status& status);

// The same error with what the caller knows put in front of its sentence. OK
// stays OK.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

// The same error with the least time to wait before another try; the caller
// sees it as RetryInfo.
absl::Status WithRetryDelay(absl::Status status, absl::Duration delay);
absl::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_STATUS_ERRORS_H_
