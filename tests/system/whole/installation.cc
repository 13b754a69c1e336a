#include "tests/system/whole/installation.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/crypto/digest.h"
#include "common/crypto/sealer.h"
#include "common/feed/grpc_feed_source.h"
#include "common/http/client.h"
#include "common/http/url.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/channel.h"
#include "common/rpc/edge.h"
#include "common/rpc/server.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/certificates.h"
#include "gtest/gtest.h"
#include "services/authorization/authorizer.h"
#include "services/authorization/callback_page.h"
#include "services/authorization/client.h"
#include "services/authorization/service.h"
#include "services/authorization/store.h"
#include "services/authorization/worker.h"
#include "services/directory/graph_client.h"
#include "services/directory/grpc_authorization_client.h"
#include "services/directory/manager.h"
#include "services/directory/mirror_keeper.h"
#include "services/directory/service.h"
#include "services/directory/test_sealer.h"
#include "services/directory/waiter.h"
#include "services/directory/worker.h"
#include "services/enrollment/reconciliation_client.h"
#include "services/enrollment/service.h"
#include "services/enrollment/smtp_client.h"
#include "services/enrollment/store.h"
#include "services/enrollment/worker.h"
#include "services/reconciliation/client.h"
#include "services/reconciliation/run_progress.h"
#include "services/reconciliation/service.h"
#include "services/reconciliation/store.h"
#include "services/reconciliation/user_service.h"
#include "services/reconciliation/worker.h"
#include "services/trash/client.h"
#include "services/trash/service.h"
#include "services/trash/store.h"
#include "services/trash/worker.h"

namespace rollcall {
namespace {

constexpr char kMailDomain[] = "rollcall.test";
constexpr absl::Duration kRetention = absl::Hours(7 * 24);

// The value, or the end of the test process with the reason.
template <typename T>
T Need(absl::StatusOr<T> value) {
  if (!value.ok()) {
    ADD_FAILURE() << value.status();
    std::abort();
  }
  return *std::move(value);
}

EmailAddress Sender() {
  return Need(EmailAddress::Parse(absl::StrCat("rollcall@", kMailDomain)));
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file),
          std::istreambuf_iterator<char>()};
}

// One service's server, and how others reach it.
class Node {
 public:
  Node(testing::TestAuthority& authority, std::string name,
       const std::vector<std::string>& contracts)
      : authority_(authority),
        name_(std::move(name)),
        policy_(Need(rpc::AccessPolicy::ForServices(contracts))) {}

  rpc::Edge edge() const {
    return rpc::Edge(policy_, authority_.trust_domain(),
                     absl::StrCat(name_, ".rollcall"));
  }

  void Serve(const std::vector<grpc::Service*>& services) {
    rpc::ServerOptions options;
    options.address = "localhost:0";
    options.tls = authority_.ForService(name_);
    options.trust_domain = authority_.trust_domain();
    server_ = Need(rpc::Server::Start(options, policy_, services));
  }

  std::shared_ptr<grpc::Channel> Reach(const rpc::TlsFiles& as) const {
    rpc::ChannelOptions options;
    options.target = absl::StrCat("localhost:", server_->port());
    options.tls = as;
    options.trust_domain = authority_.trust_domain();
    options.expected_service = name_;
    return Need(rpc::OpenChannel(options));
  }

 private:
  testing::TestAuthority& authority_;
  const std::string name_;
  const rpc::AccessPolicy policy_;
  std::unique_ptr<rpc::Server> server_;
};

Sealer NewSealer() { return Need(Sealer::FromText(Sealer::GenerateKeyFile())); }

}  // namespace

class Installation::Services {
 public:
  Services(Clock& clock, const entra::Emulator& entra,
           const testing::MailServer& mail)
      : clock_(clock),
        http_(Need(http::Client::Create({.ca_file = entra.ca_file()}))) {
    StartAuthorization(entra.ca_file());
    StartDirectory();
    StartReconciliation();
    StartTrash();
    StartEnrollment(mail);
  }

  testing::TestAuthority& authority() { return authority_; }
  int callback_port() const { return page_->port(); }

  std::shared_ptr<grpc::Channel> Reach(const Node& node) {
    return node.Reach(authority_.ForPerson("demo", "owner"));
  }

  // Every worker until it rests, in the order in which work flows.
  void Work() {
    using Unit = std::function<absl::StatusOr<Pace>(absl::Time)>;
    const std::pair<const char*, Unit> units[] = {
        {"consent", [&](absl::Time now) { return consent_->RunOnce(now); }},
        {"runs", [&](absl::Time now) { return run_worker_->RunOnce(now); }},
        {"sweep", [&](absl::Time now) { return sweeper_->RunOnce(now); }},
        {"trash",
         [&](absl::Time now) { return trash_worker_->FollowFeedsOnce(now); }},
        {"enrollment",
         [&](absl::Time now) {
           return enrollment_worker_->FollowFeedsOnce(now);
         }},
        {"release",
         [&](absl::Time now) { return enrollment_worker_->ReleaseOnce(now); }},
        {"send",
         [&](absl::Time now) { return enrollment_worker_->SendDueOnce(now); }},
        {"purge",
         [&](absl::Time now) { return trash_worker_->PurgeDueOnce(now); }},
    };
    for (const auto& [name, unit] : units) {
      absl::StatusOr<Pace> pace = Pace::kAgain;
      while (pace.ok() && *pace == Pace::kAgain) {
        pace = unit(clock_.TimeNow());
      }
      EXPECT_TRUE(pace.ok()) << name << ": " << pace.status();
    }
  }

  testing::TestAuthority authority_{"whole.test"};
  Node authorization_{
      authority_,
      "authorization",
      {authorization::v1::AuthorizationService::service_full_name()}};
  Node directory_{authority_,
                  "directory",
                  {directory::v1::DirectoryService::service_full_name()}};
  Node reconciliation_{
      authority_,
      "reconciliation",
      {reconciliation::v1::ReconciliationService::service_full_name(),
       reconciliation::v1::UserService::service_full_name()}};
  Node enrollment_{authority_,
                   "enrollment",
                   {enrollment::v1::EnrollmentService::service_full_name()}};
  Node trash_{
      authority_, "trash", {trash::v1::TrashService::service_full_name()}};

 private:
  void StartAuthorization(const std::string& ca_file) {
    authorization_rows_ = Need(store::OpenInMemory());
    authorization_store_ = std::make_unique<authorization::AuthorizationStore>(
        *authorization_rows_);
    entra_client_ =
        Need(authorization::EntraClient::Create({.ca_file = ca_file}));
    authorizer_ = std::make_unique<authorization::Authorizer>(
        authorization::AuthorizerOptions{
            .store = *authorization_store_,
            .client = *entra_client_,
            .sealer = sealer_,
            .clock = clock_,
            // The page's port is not known yet; the browser of the test does.
            .redirect_uri = absl::StrCat("https://localhost",
                                         authorization::kCallbackPath)});
    const rpc::TlsFiles page = authority_.Issue("callback", {});
    page_ = Need(authorization::CallbackPage::Start(
        {.listen = "localhost:0",
         .certificate_file = page.certificate_file,
         .key_file = page.key_file},
        *authorizer_));
    consent_ = std::make_unique<authorization::ConsentWorker>(
        *authorization_store_, authorizer_->consent_desk());
    authorization_service_ =
        std::make_unique<authorization::AuthorizationServiceImpl>(
            authorization_.edge(), *authorizer_);
    authorization_.Serve({authorization_service_.get()});
  }

  void StartDirectory() {
    directory_rows_ = Need(store::OpenInMemory());
    authorization_client_ =
        std::make_unique<directory::GrpcAuthorizationClient>(
            authorization_.Reach(authority_.ForService("directory")));
    graph_ = std::make_unique<directory::GraphClient>(
        *http_, *authorization_client_, *directory_rows_, clock_, waiter_);
    manager_ = std::make_unique<directory::DirectoryManager>(
        *directory_rows_, *authorization_client_, *graph_, clock_);
    keeper_ = std::make_unique<directory::MirrorKeeper>(
        *directory_rows_, *authorization_client_, *graph_,
        directory::TestSealer(), clock_);
    sweeper_ = std::make_unique<directory::ReadSweeper>(*directory_rows_);
    directory_service_ = std::make_unique<directory::DirectoryServiceImpl>(
        *manager_, *keeper_, directory_.edge());
    directory_.Serve({directory_service_.get()});
  }

  void StartReconciliation() {
    reconciliation_rows_ = Need(store::OpenInMemory());
    identity_store_ =
        std::make_unique<reconciliation::IdentityStore>(*reconciliation_rows_);
    directory_client_ = std::make_unique<reconciliation::GrpcDirectoryClient>(
        directory_.Reach(authority_.ForService("reconciliation")));
    run_worker_ = std::make_unique<reconciliation::RunWorker>(
        reconciliation::RunEngineOptions{.store = *identity_store_,
                                         .directory = *directory_client_,
                                         .board = board_,
                                         .clock = clock_,
                                         .make_id = RandomId},
        desk_);
    run_service_ = std::make_unique<reconciliation::ReconciliationServiceImpl>(
        reconciliation::ReconciliationServiceOptions{
            .store = *identity_store_,
            .directory = *directory_client_,
            .board = board_,
            .clock = clock_,
            .make_id = RandomId,
            .on_run_started = [] {}},
        reconciliation_.edge());
    user_service_ = std::make_unique<reconciliation::UserServiceImpl>(
        reconciliation::UserWriterOptions{.store = *identity_store_,
                                          .directory = *directory_client_,
                                          .clock = clock_,
                                          .make_id = RandomId},
        reconciliation_.edge());
    reconciliation_.Serve({run_service_.get(), user_service_.get()});
  }

  void StartTrash() {
    const auto channel = reconciliation_.Reach(authority_.ForService("trash"));
    trash_rows_ = Need(store::OpenInMemory());
    trash_store_ = std::make_unique<trash::TrashStore>(*trash_rows_);
    trash_feed_ = std::make_unique<feed::GrpcFeedSource>(channel);
    purger_ = std::make_unique<trash::GrpcReconciliationClient>(channel);
    trash_worker_ = std::make_unique<trash::TrashWorker>(
        *trash_store_, *trash_feed_, *purger_,
        trash::TrashWorkerOptions{.retention = kRetention});
    trash_service_ = std::make_unique<trash::TrashServiceImpl>(
        *trash_store_, *purger_, kRetention, trash_.edge());
    trash_.Serve({trash_service_.get()});
  }

  void StartEnrollment(const testing::MailServer& mail) {
    const auto channel =
        reconciliation_.Reach(authority_.ForService("enrollment"));
    enrollment_rows_ = Need(store::OpenInMemory());
    enrollment_store_ =
        std::make_unique<enrollment::EnrollmentStore>(*enrollment_rows_);
    enrollment_feed_ = std::make_unique<enrollment::GrpcReconciliationClient>(
        channel, channel);
    enrollment::SmtpOptions smtp;
    smtp.server = mail.address();
    smtp.plaintext = true;
    smtp_ = Need(enrollment::SmtpClient::Create(smtp));
    enrollment_worker_ = std::make_unique<enrollment::EnrollmentWorker>(
        *enrollment_store_, *enrollment_feed_, *smtp_, sealer_,
        enrollment::EnrollmentWorkerOptions{
            .sender = Sender(),
            .message_id_domain = kMailDomain,
            .link_base = "https://localhost/enroll"});
    enrollment_service_ = std::make_unique<enrollment::EnrollmentServiceImpl>(
        *enrollment_store_, clock_,
        enrollment::MailIdentity{.sender = Sender(),
                                 .message_id_domain = kMailDomain},
        enrollment_.edge());
    enrollment_.Serve({enrollment_service_.get()});
  }

  Clock& clock_;
  const Sealer sealer_ = NewSealer();
  directory::RealWaiter waiter_;
  std::unique_ptr<http::Client> http_;

  std::unique_ptr<store::Store> authorization_rows_;
  std::unique_ptr<authorization::AuthorizationStore> authorization_store_;
  std::unique_ptr<authorization::EntraClient> entra_client_;
  std::unique_ptr<authorization::Authorizer> authorizer_;
  std::unique_ptr<authorization::CallbackPage> page_;
  std::unique_ptr<authorization::ConsentWorker> consent_;
  std::unique_ptr<authorization::AuthorizationServiceImpl>
      authorization_service_;

  std::unique_ptr<store::Store> directory_rows_;
  std::unique_ptr<directory::GrpcAuthorizationClient> authorization_client_;
  std::unique_ptr<directory::GraphClient> graph_;
  std::unique_ptr<directory::DirectoryManager> manager_;
  std::unique_ptr<directory::MirrorKeeper> keeper_;
  std::unique_ptr<directory::ReadSweeper> sweeper_;
  std::unique_ptr<directory::DirectoryServiceImpl> directory_service_;

  std::unique_ptr<store::Store> reconciliation_rows_;
  std::unique_ptr<reconciliation::IdentityStore> identity_store_;
  std::unique_ptr<reconciliation::GrpcDirectoryClient> directory_client_;
  reconciliation::RunProgressBoard board_;
  reconciliation::RunDesk desk_;
  std::unique_ptr<reconciliation::RunWorker> run_worker_;
  std::unique_ptr<reconciliation::ReconciliationServiceImpl> run_service_;
  std::unique_ptr<reconciliation::UserServiceImpl> user_service_;

  std::unique_ptr<store::Store> trash_rows_;
  std::unique_ptr<trash::TrashStore> trash_store_;
  std::unique_ptr<feed::GrpcFeedSource> trash_feed_;
  std::unique_ptr<trash::GrpcReconciliationClient> purger_;
  std::unique_ptr<trash::TrashWorker> trash_worker_;
  std::unique_ptr<trash::TrashServiceImpl> trash_service_;

  std::unique_ptr<store::Store> enrollment_rows_;
  std::unique_ptr<enrollment::EnrollmentStore> enrollment_store_;
  std::unique_ptr<enrollment::GrpcReconciliationClient> enrollment_feed_;
  std::unique_ptr<enrollment::SmtpClient> smtp_;
  std::unique_ptr<enrollment::EnrollmentWorker> enrollment_worker_;
  std::unique_ptr<enrollment::EnrollmentServiceImpl> enrollment_service_;
};

Installation::Installation(entra::TenantOptions tenant)
    : clock_(absl::FromUnixSeconds(1772366400)),  // 2026-03-01 12:00 UTC.
      ca_directory_(absl::StrCat(::testing::TempDir(), "/entra")) {
  // Either it is made now, or an earlier test of this process has made it.
  mkdir(ca_directory_.c_str(), 0700);
  entra::EmulatorOptions options;
  options.require_consent = true;
  options.ca_directory = ca_directory_;
  options.tenant = std::move(tenant);
  options.now = [this] { return clock_.TimeNow(); };
  entra_ = Need(entra::Emulator::Start(std::move(options)));
  mail_ = Need(testing::MailServer::Start());
  services_ = std::make_unique<Services>(clock_, *entra_, *mail_);

  operator_ = authorization::v1::AuthorizationService::NewStub(
      services_->authorization_.Reach(
          services_->authority().ForPerson("*", "owner", "operator")));
  authorization = authorization::v1::AuthorizationService::NewStub(
      services_->Reach(services_->authorization_));
  directory = directory::v1::DirectoryService::NewStub(
      services_->Reach(services_->directory_));
  runs = reconciliation::v1::ReconciliationService::NewStub(
      services_->Reach(services_->reconciliation_));
  users = reconciliation::v1::UserService::NewStub(
      services_->Reach(services_->reconciliation_));
  enrollment = enrollment::v1::EnrollmentService::NewStub(
      services_->Reach(services_->enrollment_));
  trash = trash::v1::TrashService::NewStub(services_->Reach(services_->trash_));
}

// The stubs go first: their channels read the authority's files again and
// again.
Installation::~Installation() {
  operator_.reset();
  authorization.reset();
  directory.reset();
  runs.reset();
  users.reset();
  enrollment.reset();
  trash.reset();
}

int Installation::GiveConsent(const std::string& consent_uri) {
  const std::string bundle = absl::StrCat(ca_directory_, "/browser.pem");
  std::ofstream(bundle) << ReadFile(entra_->ca_file())
                        << ReadFile(services_->authority().ca_file());
  auto browser = Need(http::Client::Create({.ca_file = bundle}));
  http::Request request;
  request.url = consent_uri;
  const http::Response consent = Need(browser->Send(request));
  if (consent.status != 302) return consent.status;
  const http::Url target =
      Need(http::Url::Parse(consent.Header("Location").value_or("")));
  EXPECT_EQ(target.path, authorization::kCallbackPath);
  request.url = absl::StrCat("https://localhost:", services_->callback_port(),
                             target.path, "?", target.query);
  return Need(browser->Send(request)).status;
}

void Installation::Settle() {
  // A purge, the last step of the first round, is an event of the feed again.
  services_->Work();
  services_->Work();
}

}  // namespace rollcall
