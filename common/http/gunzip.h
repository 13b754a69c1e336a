// Unpacks gzip into memory, up to a limit. What the input claims about its size
// is at most a hint: memory grows with what really comes out.
#ifndef ROLLCALL_COMMON_HTTP_GUNZIP_H_
#define ROLLCALL_COMMON_HTTP_GUNZIP_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall::http {

// The text of all members, one after the other (RFC 1952 §2.2).
//   RESOURCE_EXHAUSTED, reason HTTP_BODY_TOO_LARGE: more than `max_bytes`.
//   UNAVAILABLE, reason HTTP_BODY_MALFORMED: damaged or cut short; never a
//   shorter text.
absl::StatusOr<std::string> Gunzip(absl::string_view packed, size_t max_bytes);

}  // namespace rollcall::http

#endif  // ROLLCALL_COMMON_HTTP_GUNZIP_H_
