// Encodes text for addresses and forms, so that none of it is read as syntax.
// Pure.
#ifndef ROLLCALL_COMMON_HTTP_ENCODING_H_
#define ROLLCALL_COMMON_HTTP_ENCODING_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace rollcall::http {

// Percent-encodes everything but unreserved characters (RFC 3986).
std::string PercentEncode(absl::string_view text);

// a=1&b=2, both sides encoded.
std::string FormEncode(
    const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace rollcall::http

#endif  // ROLLCALL_COMMON_HTTP_ENCODING_H_
