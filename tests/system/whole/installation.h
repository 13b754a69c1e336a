// The five services in one process under a simulated clock: real stores in
// memory, real gRPC with real certificates between them, a local Entra ID and a
// real mail server outside. Nothing runs by itself: a test moves the clock and
// lets the workers work.
#ifndef ROLLCALL_TESTS_SYSTEM_WHOLE_INSTALLATION_H_
#define ROLLCALL_TESTS_SYSTEM_WHOLE_INSTALLATION_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/testing/simulated_clock.h"
#include "rollcall/authorization/v1/authorization.grpc.pb.h"
#include "rollcall/directory/v1/directory.grpc.pb.h"
#include "rollcall/enrollment/v1/enrollment.grpc.pb.h"
#include "rollcall/reconciliation/v1/reconciliation.grpc.pb.h"
#include "rollcall/reconciliation/v1/user.grpc.pb.h"
#include "rollcall/trash/v1/trash.grpc.pb.h"
#include "tests/fakes/entra/emulator.h"
#include "tests/fakes/mail/mail_server.h"

namespace rollcall {

// One thread. Crashes on what a test cannot go on without.
class Installation {
 public:
  explicit Installation(entra::TenantOptions tenant);
  ~Installation();

  SimulatedClock& clock() { return clock_; }
  entra::Emulator& entra() { return *entra_; }
  testing::MailServer& mail() { return *mail_; }

  // Opens the consent page as the tenant's administrator and follows its
  // redirect to our page. The HTTP status that the browser ends with.
  int GiveConsent(const std::string& consent_uri);

  // Lets every worker work at the present time until none has anything left to
  // do.
  void Settle();

  // What an operator of the installation and the account's owner may call.
  std::unique_ptr<authorization::v1::AuthorizationService::Stub> operator_;
  std::unique_ptr<authorization::v1::AuthorizationService::Stub> authorization;
  std::unique_ptr<directory::v1::DirectoryService::Stub> directory;
  std::unique_ptr<reconciliation::v1::ReconciliationService::Stub> runs;
  std::unique_ptr<reconciliation::v1::UserService::Stub> users;
  std::unique_ptr<enrollment::v1::EnrollmentService::Stub> enrollment;
  std::unique_ptr<trash::v1::TrashService::Stub> trash;

 private:
  class Services;

  SimulatedClock clock_;
  std::string ca_directory_;
  std::unique_ptr<entra::Emulator> entra_;
  std::unique_ptr<testing::MailServer> mail_;
  std::unique_ptr<Services> services_;
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_SYSTEM_WHOLE_INSTALLATION_H_
