// Where an access token may be sent: to Graph of the tenant's own record, and
// nowhere else, whatever a link says (R2, protocol §5.1).
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_TOKEN_TARGET_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_TOKEN_TARGET_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall::authorization {

// The origin that a configured address names: https, a host and perhaps a port,
// nothing else. INVALID_ARGUMENT, reason ORIGIN_INVALID, with the field's name.
absl::StatusOr<std::string> ParseOrigin(absl::string_view text,
                                        absl::string_view field);

// OK if a token may go to `url`: exactly `graph_origin`, no userinfo, a path of
// v1.0. PERMISSION_DENIED, reason TOKEN_TARGET_FOREIGN; does not repeat the
// address.
absl::Status CheckTokenTarget(absl::string_view url,
                              absl::string_view graph_origin);

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_TOKEN_TARGET_H_
