// Connects a tenant and configures a directory, step by step as an operator
// would, and skips each step that is done already.
#ifndef ROLLCALL_DEPLOY_FIRST_SYNC_SETUP_H_
#define ROLLCALL_DEPLOY_FIRST_SYNC_SETUP_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/crypto/secret.h"
#include "deploy/first_sync/stack.h"

namespace rollcall::deploy {

struct SetupOptions {
  std::string account_id;
  std::string connection_id;
  std::string directory_id;
  std::string login_origin;
  std::string graph_origin;
  std::string tenant;  // A GUID or a domain; empty: whoever consents.
  std::string client_id;
  Secret client_secret;
  std::vector<std::string> groups;  // By name, as SearchGroups finds them.
  // Called with the consent page's address; a person opens it, or a program.
  std::function<absl::Status(const std::string& consent_uri)> ask_for_consent;
  // Called with one line for each step.
  std::function<void(const std::string& line)> say;
};

// What there is after the setup.
struct Configured {
  std::string directory;     // Its resource name.
  std::string organization;  // The tenant's organisation.
};

// Ends with the first step that fails; running it again goes on from there.
absl::StatusOr<Configured> SetUp(Stack& stack, const SetupOptions& options);

}  // namespace rollcall::deploy

#endif  // ROLLCALL_DEPLOY_FIRST_SYNC_SETUP_H_
