// Decides what an answer of Graph means for whoever asked: go on, try again,
// start over, or give up. Never mistakes trouble for absence: only a 404 that
// names a missing object says that something is not there. Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_GRAPH_ERROR_H_
#define ROLLCALL_SERVICES_DIRECTORY_GRAPH_ERROR_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace rollcall::directory {

enum class GraphVerdict {
  kOk,
  kRetry,               // Transient: the same request, later.
  kRefreshToken,        // A fresh token, once.
  kRestartEnumeration,  // The page token is gone: from page 1.
  kResync,              // The delta token is gone: a full read.
  kNotFound,            // The object is not there, or not yet.
  kForbidden,           // A permission is missing; an operator must act.
  kGiveUp,              // A fault of ours, or nothing we know.
};

struct GraphAnswer {
  int status = 0;
  // The codes of the body, outermost first; none for an OK answer.
  std::vector<std::string> codes;
  absl::optional<std::string> retry_after;  // The header's text.
};

// What to do about an answer.
GraphVerdict Judge(const GraphAnswer& answer);

// What to tell whoever asked; the errors are those of GraphSession.
absl::Status StatusFor(const GraphAnswer& answer, GraphVerdict verdict);

// An HTTP date (RFC 9110 §5.6.7, the preferred form).
absl::optional<absl::Time> ParseHttpDate(absl::string_view text);

// How long the answer asks to wait: an integer or a decimal number of seconds,
// or an HTTP date, which counts from `now`: what the server holds for now, if
// it said so. None if it does not say, or nothing that can be read. Never
// negative; more than ten years count as ten years.
absl::optional<absl::Duration> ParseRetryAfter(absl::string_view text,
                                               absl::Time now);

// The number of a header like x-ms-resource-unit; none if it is no plain,
// finite one.
absl::optional<double> ParseQuotaNumber(absl::string_view text);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_GRAPH_ERROR_H_
