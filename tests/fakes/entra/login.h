// The login host: OpenID configuration, keys, the consent pages and the token
// endpoint (section 1 of the protocol specification).

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_LOGIN_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_LOGIN_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/access_token.h"
#include "tests/fakes/entra/application.h"
#include "tests/fakes/entra/faults.h"
#include "tests/fakes/entra/http_message.h"

namespace rollcall::entra {

struct LoginContext {
  std::string origin;
  std::string tenant_id;
  std::vector<std::string> domains;  // other names of the tenant in paths
  Application& application;
  AccessTokens& tokens;
  Faults& faults;
  std::function<absl::Time()> now;
  // How long after consent it is not known everywhere.
  std::function<absl::Duration()> consent_delay;
};

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
  HttpResponse AskConsent(const HttpRequest& request) const;

  HttpResponse Token(const HttpRequest& request, absl::string_view tenant);
  HttpResponse ClientCredentials(const HttpRequest& request,
                                 const Parameters& form);
  // The AADSTS code of what is wrong, or 0.
  int CheckClient(const HttpRequest& request, const Parameters& form) const;
  int CheckAssertion(absl::string_view assertion) const;
  int CheckScope(absl::string_view scope) const;
  HttpResponse Fail(int code, const HttpRequest& request) const;

  const LoginContext context_;
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_LOGIN_H_
