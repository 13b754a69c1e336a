// What the login host works with.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_LOGIN_CONTEXT_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_LOGIN_CONTEXT_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/fakes/entra/access_token.h"
#include "tests/fakes/entra/application.h"
#include "tests/fakes/entra/faults.h"
#include "tests/fakes/entra/id_token.h"

namespace rollcall::entra {

struct LoginContext {
  std::string origin;
  std::string tenant_id;
  std::vector<std::string> domains;  // other names of the tenant in paths
  Person administrator;              // who signs in, without a password
  Application& application;
  AccessTokens& tokens;
  Faults& faults;
  std::function<absl::Time()> now;
  // How long after consent it is not known everywhere.
  std::function<absl::Duration()> consent_delay;
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_LOGIN_CONTEXT_H_
