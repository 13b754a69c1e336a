// Canaries: no secret of the way to a token appears in logs, in errors or in
// the store (invariant 24).
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/log/log.h"
#include "common/testing/status_matchers.h"
#include "services/authorization/worker.h"
#include "tests/system/authorization/world.h"

namespace rollcall::authorization {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kConnection[] = "accounts/acme/connections/c1";

// Keeps every line of the log while it lives.
class LogRecorder {
 public:
  LogRecorder() {
    InitializeLog({.service = "test", .min_level = LogLevel::kDebug});
    SetLogSink([this](absl::string_view line) {
      absl::MutexLock lock(&mutex_);
      absl::StrAppend(&lines_, line, "\n");
    });
  }
  ~LogRecorder() { SetLogSink(nullptr); }
  std::string lines() {
    absl::MutexLock lock(&mutex_);
    return lines_;
  }

 private:
  absl::Mutex mutex_;
  std::string lines_ ABSL_GUARDED_BY(mutex_);
};

TEST(Secrets, AppearNowhere) {
  LogRecorder log;
  std::string errors;
  const auto remember = [&errors](const auto& result) {
    EXPECT_FALSE(result.ok());
    absl::StrAppend(&errors, result.status().ToString(), "\n");
  };
  World world;
  std::vector<std::string> secrets = {world.entra().client_secret()};

  // A way that is declined, one that is refused, one that succeeds.
  v1::BeginAuthorizationRequest wrong = world.BeginRequest();
  wrong.mutable_client_credential()->set_client_secret("canary-wrong-secret");
  secrets.push_back("canary-wrong-secret");
  const v1::PendingAuthorization refused = world.Begin(wrong);
  secrets.push_back(World::Parameter(refused.consent_uri(), "state"));
  world.Open(world.Consent(refused.consent_uri()));
  world.entra().faults().Add(
      {.kind = entra::FaultKind::kDeclineConsent, .times = 1});
  const v1::PendingAuthorization declined = world.Begin();
  const std::string redirect = world.Consent(declined.consent_uri());
  secrets.push_back(World::Parameter(redirect, "state"));
  world.Open(redirect);
  remember(world.authorizer().CompleteAuthorization(
      World::CompleteRequest(declined.name(), redirect)));
  wrong.mutable_client_credential()->set_client_secret("canary\nsecret");
  remember(world.authorizer().BeginAuthorization(wrong));
  const v1::PendingAuthorization waiting = world.Begin();
  secrets.push_back(World::Parameter(waiting.consent_uri(), "state"));
  world.Connect();

  // Tokens: minted, refused, not to be had, lost.
  secrets.push_back(world.Mint(kConnection)->access_token());
  EXPECT_OK(world.Report(kConnection, secrets.back()));
  world.clock().AdvanceTime(absl::Seconds(1));
  secrets.push_back(world.Mint(kConnection)->access_token());
  world.clock().AdvanceTime(absl::Hours(2));
  world.entra().faults().Add(
      {.kind = entra::FaultKind::kTokenError, .times = 1, .status = 503});
  remember(world.Mint(kConnection));
  world.clock().AdvanceTime(absl::Hours(1));
  world.entra().application().ExpireSecret(world.entra().client_secret());
  remember(world.Mint(kConnection));
  ConsentWorker worker(world.store(), world.authorizer().consent_desk());
  const std::string stored = world.StoredBytes();
  EXPECT_OK(worker.RunOnce(world.clock().TimeNow()));

  EXPECT_THAT(log.lines(), HasSubstr("reauthorization_required"));
  EXPECT_THAT(stored, HasSubstr(world.entra().tenant_id()));
  for (const std::string& secret : secrets) {
    ASSERT_GT(secret.size(), 8u);
    EXPECT_THAT(log.lines(), Not(HasSubstr(secret)));
    EXPECT_THAT(errors, Not(HasSubstr(secret)));
    EXPECT_THAT(stored, Not(HasSubstr(secret)));
    EXPECT_THAT(world.StoredBytes(), Not(HasSubstr(secret)));
  }
  EXPECT_THAT(errors + log.lines(), Not(HasSubstr("canary")));
}

}  // namespace
}  // namespace rollcall::authorization
