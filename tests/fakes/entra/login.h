// The login host: OpenID configuration, keys, the pages that people see and
// the token endpoint (section 1 of the protocol specification).

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_LOGIN_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_LOGIN_H_

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "tests/fakes/entra/authorization_code.h"
#include "tests/fakes/entra/http_message.h"
#include "tests/fakes/entra/login_context.h"

namespace rollcall::entra {

// Thread-safe.
class Login {
 public:
  explicit Login(LoginContext context) : context_(std::move(context)) {}

  // Answers any request that is not for Graph.
  HttpResponse Handle(HttpRequest request);

 private:
  HttpResponse Route(const HttpRequest& request);
  bool IsTenant(absl::string_view segment) const;
  std::string TenantUrl() const;

  HttpResponse OpenIdConfiguration(absl::string_view tenant) const;
  HttpResponse InstanceDiscovery() const;

  HttpResponse AdminConsent(const HttpRequest& request, bool v2);
  HttpResponse DeclineConsent(const Parameters& parameters, bool v2) const;

  HttpResponse Token(const HttpRequest& request, absl::string_view tenant);
  HttpResponse ClientCredentials(const HttpRequest& request,
                                 const Parameters& form);
  // The AADSTS code of what is wrong, or 0.
  int CheckClient(const HttpRequest& request, const Parameters& form) const;
  int CheckAssertion(absl::string_view assertion) const;
  int CheckScope(absl::string_view scope) const;
  HttpResponse Fail(int code, const HttpRequest& request) const;

  const LoginContext context_;
  AuthorizationCodes codes_;
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_LOGIN_H_
