// The authorize page: the local administrator signs in, and the browser goes
// back to the application with a code (section 1.2 of the protocol
// specification). An address that is not registered is never followed.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_LOGIN_AUTHORIZE_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_LOGIN_AUTHORIZE_H_

#include "tests/fakes/entra/authorization_code.h"
#include "tests/fakes/entra/http_message.h"
#include "tests/fakes/entra/login_context.h"

namespace rollcall::entra {

HttpResponse Authorize(const LoginContext& context, AuthorizationCodes& codes,
                       const HttpRequest& request);

// The tokens for a code, for a client that has proved who it is.
HttpResponse RedeemCode(const LoginContext& context, AuthorizationCodes& codes,
                        const HttpRequest& request, const Parameters& form);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_LOGIN_AUTHORIZE_H_
