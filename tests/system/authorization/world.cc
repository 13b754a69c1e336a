#include "tests/system/authorization/world.h"

#include <sys/stat.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/crypto/digest.h"
#include "common/http/url.h"
#include "common/store/rocksdb_store.h"
#include "gtest/gtest.h"

namespace rollcall::authorization {
namespace {

// The redirect page's port is not known before the page is made, and the page
// needs the authorizer, which needs the address: the login page only has to
// send the browser to a registered one, and tests open the real port.
constexpr char kRedirectUri[] = "https://localhost:7443/oauth/callback";

template <typename T>
T Must(absl::StatusOr<T> value) {
  EXPECT_TRUE(value.ok()) << value.status();
  return *std::move(value);
}

std::string NewDirectory(const std::string& path) {
  EXPECT_EQ(mkdir(path.c_str(), 0700), 0);
  return path;
}

std::string Decode(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      decoded += static_cast<char>(
          std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

}  // namespace

// TLS compares with this machine's time, so the simulated one begins there.
World::World()
    : clock_(absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()))) {
  entra_ = Must(entra::Emulator::Start(
      {.require_consent = true,
       .ca_directory = NewDirectory(authority_.directory() + "/entra"),
       .tenant = {.users = 20, .groups = 3},
       .now = [this] { return clock_.TimeNow(); }}));
  key_file_text_ = Sealer::GenerateKeyFile();
  sealer_ = Must(Sealer::FromText(key_file_text_));
  database_ = Must(rollcall::store::OpenInMemory());
  faulty_ = std::make_unique<rollcall::store::FaultyStore>(*database_);
  login_browser_ = Must(http::Client::Create({.ca_file = entra_->ca_file()}));
  page_browser_ = Must(http::Client::Create({.ca_file = authority_.ca_file()}));
  Restart();
  v1::CreateAccountRequest account;
  account.set_account_id("acme");
  account.mutable_account()->set_display_name("Acme");
  Must(authorizer_->CreateAccount(account));
}

World::~World() { page_.reset(); }

void World::Restart() {
  page_.reset();
  authorizer_.reset();
  client_ = Must(EntraClient::Create({.ca_file = entra_->ca_file()}));
  store_ = std::make_unique<AuthorizationStore>(*faulty_);
  AuthorizerOptions options = {.store = *store_,
                               .client = *client_,
                               .sealer = *sealer_,
                               .clock = clock_,
                               .redirect_uri = kRedirectUri};
  authorizer_ = std::make_unique<Authorizer>(options);
  const rpc::TlsFiles files = authority_.Issue("callback", {});
  page_ = Must(CallbackPage::Start({.listen = "localhost:0",
                                    .certificate_file = files.certificate_file,
                                    .key_file = files.key_file},
                                   *authorizer_));
}

v1::BeginAuthorizationRequest World::BeginRequest() const {
  v1::BeginAuthorizationRequest request;
  request.set_parent("accounts/acme");
  request.mutable_cloud()->set_login_origin(entra_->origin());
  request.mutable_cloud()->set_graph_origin(entra_->origin());
  request.set_client_id(entra_->client_id());
  request.mutable_client_credential()->set_client_secret(
      entra_->client_secret());
  request.set_connection_id("c1");
  return request;
}

v1::PendingAuthorization World::Begin() { return Begin(BeginRequest()); }

v1::PendingAuthorization World::Begin(
    const v1::BeginAuthorizationRequest& request) {
  return Must(authorizer_->BeginAuthorization(request));
}

absl::StatusOr<v1::PendingAuthorization> World::Get(const std::string& name) {
  v1::GetPendingAuthorizationRequest request;
  request.set_name(name);
  return authorizer_->GetPendingAuthorization(request);
}

std::string World::Consent(const std::string& consent_uri) {
  const http::Response response =
      Must(login_browser_->Send({.url = consent_uri}));
  EXPECT_EQ(response.status, 302) << response.body;
  std::string redirect = response.Header("location").value_or("");
  EXPECT_EQ(redirect.find(kRedirectUri), 0u) << redirect;
  return redirect.replace(
      0, std::string(kRedirectUri).size(),
      absl::StrCat("https://localhost:", page_->port(), "/oauth/callback"));
}

http::Response World::Open(const std::string& url) {
  return Must(page_browser_->Send({.url = url}));
}

absl::StatusOr<http::Response> World::OpenAnew(const std::string& url) {
  auto browser = Must(http::Client::Create({.ca_file = authority_.ca_file()}));
  return browser->Send({.url = url});
}

std::string World::Parameter(const std::string& url, absl::string_view name) {
  const http::Url parts = Must(http::Url::Parse(url));
  for (absl::string_view field : absl::StrSplit(parts.query, '&')) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(field, absl::MaxSplits('=', 1));
    if (pair.first == name) return Decode(pair.second);
  }
  return "";
}

v1::CompleteAuthorizationRequest World::CompleteRequest(
    const std::string& name, const std::string& redirect) {
  v1::CompleteAuthorizationRequest request;
  request.set_name(name);
  request.set_state(Parameter(redirect, "state"));
  request.set_tenant(Parameter(redirect, "tenant"));
  request.set_error(Parameter(redirect, "error"));
  request.set_error_description(Parameter(redirect, "error_description"));
  return request;
}

v1::Connection World::Connect() {
  const v1::PendingAuthorization pending = Begin();
  EXPECT_EQ(Open(Consent(pending.consent_uri())).status, 200);
  return Must(Confirm(Must(Get(pending.name()))));
}

absl::StatusOr<v1::Connection> World::Confirm(
    const v1::PendingAuthorization& pending) {
  v1::ConfirmAuthorizationRequest request;
  request.set_name(pending.name());
  request.set_tenant_id(pending.tenant_id());
  return authorizer_->ConfirmAuthorization(request);
}

absl::StatusOr<v1::MintAccessTokenResponse> World::Mint(
    const std::string& name) {
  v1::MintAccessTokenRequest request;
  request.set_name(name);
  return authorizer_->MintAccessToken(request);
}

absl::Status World::Report(const std::string& name, const std::string& token) {
  v1::ReportRejectedTokenRequest request;
  request.set_name(name);
  request.set_access_token_sha256(Sha256(token));
  return authorizer_->ReportRejectedToken(request).status();
}

v1::Connection World::GetConnection(const std::string& name) {
  v1::GetConnectionRequest request;
  request.set_name(name);
  return Must(authorizer_->GetConnection(request));
}

std::string World::StoredBytes() {
  std::vector<std::string> partitions =
      Must(database_->ListPartitions("", 1000));
  partitions.push_back(std::string(rollcall::store::kInstallation));
  std::string bytes;
  for (const std::string& partition : partitions) {
    const auto cursor = database_->Scan(partition, {});
    while (auto entry = Must(cursor->Next())) {
      absl::StrAppend(&bytes, entry->key, "\n", entry->value, "\n");
    }
  }
  return bytes;
}

}  // namespace rollcall::authorization
