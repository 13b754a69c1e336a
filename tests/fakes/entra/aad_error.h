// Errors of the login host: an AADSTS code stands for an OAuth error, an HTTP
// status and a text (section 1.8 of the protocol specification).

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_AAD_ERROR_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_AAD_ERROR_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/http_message.h"

namespace rollcall::entra {

struct AadError {
  int code;  // AADSTS...
  int http_status;
  absl::string_view error;  // of OAuth
  absl::string_view suberror;
  absl::string_view message;
};

// An unknown code is an invalid_request.
AadError FindAadError(int code);

// "AADSTS90002: ...", with the ids and the time that follow the text.
std::string Describe(const AadError& error, absl::string_view correlation_id,
                     absl::Time now);

// The answer of the token endpoint.
HttpResponse AadErrorResponse(const AadError& error, const HttpRequest& request,
                              absl::Time now);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_AAD_ERROR_H_
