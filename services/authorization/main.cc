// The authorization service's process.
#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/sealer.h"
#include "common/log/log.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/edge.h"
#include "common/rpc/process.h"
#include "common/rpc/process_store.h"
#include "common/time/clock.h"
#include "common/time/periodic_worker.h"
#include "services/authorization/authorizer.h"
#include "services/authorization/callback_page.h"
#include "services/authorization/client.h"
#include "services/authorization/service.h"
#include "services/authorization/store.h"
#include "services/authorization/token_target.h"
#include "services/authorization/worker.h"

ABSL_FLAG(std::string, key_file, "",
          "The key file that seals credentials, mode 0600.");
ABSL_FLAG(std::string, http_ca_file, "",
          "PEM file of the authorities trusted for the login endpoint and "
          "Graph; empty: the system's.");
ABSL_FLAG(std::string, public_uri, "https://localhost:7443",
          "The origin under which browsers reach the redirect page; with "
          "/oauth/callback behind it, a redirect address of the app.");
ABSL_FLAG(std::string, callback_listen, "localhost:7443",
          "Where the redirect page listens, host:port.");
ABSL_FLAG(std::string, callback_certificate, "",
          "PEM file of the redirect page's certificate chain.");
ABSL_FLAG(std::string, callback_key, "",
          "PEM file of the key of --callback_certificate.");

namespace rollcall::authorization {
namespace {

int Main(int argc, char** argv) {
  const rpc::ProcessOptions process =
      rpc::InitializeProcess(argc, argv, "authorization");
  Clock& clock = Clock::GetRealClock();

  const auto sealer = Sealer::FromFile(absl::GetFlag(FLAGS_key_file));
  if (!sealer.ok()) return rpc::FailToStart(sealer.status());
  const auto public_origin =
      ParseOrigin(absl::GetFlag(FLAGS_public_uri), "--public_uri");
  if (!public_origin.ok()) return rpc::FailToStart(public_origin.status());
  const auto policy = rpc::AccessPolicy::ForServices({kServiceName});
  if (!policy.ok()) return rpc::FailToStart(policy.status());

  const auto database = rpc::OpenStore(process, clock, "authorization");
  if (!database.ok()) return rpc::FailToStart(database.status());
  AuthorizationStore store(**database);
  const auto client =
      EntraClient::Create({.ca_file = absl::GetFlag(FLAGS_http_ca_file)});
  if (!client.ok()) return rpc::FailToStart(client.status());

  Authorizer authorizer(
      {.store = store,
       .client = **client,
       .sealer = *sealer,
       .clock = clock,
       .redirect_uri = absl::StrCat(*public_origin, kCallbackPath)});
  const absl::Status resealed = ResealCredentials(store, authorizer.vault());
  if (!resealed.ok()) return rpc::FailToStart(resealed);

  AuthorizationServiceImpl service(
      rpc::Edge(*policy, process.trust_domain, kErrorDomain), authorizer);
  auto page = CallbackPage::Start(
      {.listen = absl::GetFlag(FLAGS_callback_listen),
       .certificate_file = absl::GetFlag(FLAGS_callback_certificate),
       .key_file = absl::GetFlag(FLAGS_callback_key)},
      authorizer);
  if (!page.ok()) return rpc::FailToStart(page.status());
  LogInfo("callback_page", {{"port", (*page)->port()}});

  ConsentWorker consent(store, authorizer.consent_desk());
  auto worker = std::make_unique<PeriodicWorker>(
      PeriodicWorkerOptions{.name = "authorization-consent"}, clock,
      [&consent](absl::Time now) { return consent.RunOnce(now); });

  return rpc::Serve(process, clock, *policy, {&service}, [&] {
    (*client)->Stop();
    page->reset();
    worker.reset();
  });
}

}  // namespace
}  // namespace rollcall::authorization

int main(int argc, char** argv) {
  return rollcall::authorization::Main(argc, argv);
}
