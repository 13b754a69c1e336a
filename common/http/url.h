// Addresses, taken apart by libcurl's URL parser, so that what is checked is
// what is connected to.
#ifndef ROLLCALL_COMMON_HTTP_URL_H_
#define ROLLCALL_COMMON_HTTP_URL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall::http {

// The parts of an address. A value.
struct Url {
  std::string scheme;  // Lower case.
  std::string user;    // Empty unless there is userinfo.
  std::string host;    // Lower case; IPv6 in brackets.
  int port = 0;        // The scheme's default if none is written.
  std::string path;    // As written, `/` if none is.
  std::string query;   // As written, without the question mark.

  // `https://host:port`, the port left out if it is the default.
  std::string Origin() const;

  // INVALID_ARGUMENT, reason HTTP_URL_INVALID; absolute addresses only;
  // backslashes, control characters, spaces and anything beyond ASCII are
  // refused. The error does not repeat the address, which may hold a token.
  static absl::StatusOr<Url> Parse(absl::string_view text);
};

}  // namespace rollcall::http

#endif  // ROLLCALL_COMMON_HTTP_URL_H_
