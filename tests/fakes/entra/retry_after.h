// The Retry-After header in all the forms that Graph sends it in.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_RETRY_AFTER_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_RETRY_AFTER_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall::entra {

enum class RetryAfterForm { kInteger, kDecimal, kDate, kAbsent };

// "integer", "decimal", "date" or "absent".
std::optional<RetryAfterForm> ParseRetryAfterForm(absl::string_view name);

// Never tells to come back sooner than after `wait`. Empty: no header.
std::string FormatRetryAfter(absl::Duration wait, absl::Time now,
                             RetryAfterForm form);

// The time that the header tells, or nothing if it tells none.
std::optional<absl::Time> ReadRetryAfter(absl::string_view header,
                                         absl::Time now);

// A date as HTTP headers have it (RFC 9110 section 5.6.7).
std::string HttpDate(absl::Time time);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_RETRY_AFTER_H_
