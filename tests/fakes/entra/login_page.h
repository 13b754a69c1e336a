// What the login host shows to browsers: error pages, the page that asks for
// consent, and the ways back to the application.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_LOGIN_PAGE_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_LOGIN_PAGE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/fakes/entra/http_message.h"

namespace rollcall::entra {

enum class ResponseMode { kQuery, kFragment, kFormPost };

// Nothing for an unknown name; empty is the query.
std::optional<ResponseMode> ParseResponseMode(absl::string_view name);

// 400 with the text of an AADSTS code: goes nowhere.
HttpResponse ErrorPage(int code);

// Leads to `uri`, which the caller has checked, with those parameters that
// are not empty.
HttpResponse SendBack(absl::string_view uri, ResponseMode mode,
                      const Parameters& parameters);

// Accept and Cancel send `answer` to the address of the request itself.
HttpResponse AskConsent(const HttpRequest& request, absl::string_view question,
                        const std::vector<std::string>& permissions);

// The parameters of the query, and those of the form that AskConsent sends.
Parameters PageParameters(const HttpRequest& request);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_LOGIN_PAGE_H_
