// Connects a tenant, configures a directory and runs its first full sync, as
// `deploy/quickstart` does once the services are up.
//
// The group names are the arguments: first_sync [flags] "Group A" "Group B".
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/http/client.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "deploy/first_sync/display.h"
#include "deploy/first_sync/progress.h"
#include "deploy/first_sync/report.h"
#include "deploy/first_sync/setup.h"
#include "deploy/first_sync/stack.h"
#include "deploy/first_sync/sync.h"

ABSL_FLAG(std::string, account, "demo", "Id of the account.");
ABSL_FLAG(std::string, connection, "entra", "Id of the connection.");
ABSL_FLAG(std::string, directory, "entra", "Id of the directory.");
ABSL_FLAG(std::string, authorization, "localhost:7001", "Where it listens.");
ABSL_FLAG(std::string, directory_service, "localhost:7002",
          "Where it listens.");
ABSL_FLAG(std::string, reconciliation, "localhost:7003", "Where it listens.");
ABSL_FLAG(std::string, enrollment, "localhost:7004", "Where it listens.");
ABSL_FLAG(std::string, tls_directory, "run/tls",
          "Holds ca.pem, operator.pem, operator.key, owner.pem, owner.key.");
ABSL_FLAG(std::string, trust_domain, "rollcall.local", "Of the SPIFFE ids.");
ABSL_FLAG(std::string, authority, "", "Origin of the login endpoint.");
ABSL_FLAG(std::string, graph, "", "Origin of Microsoft Graph.");
ABSL_FLAG(std::string, tenant, "", "The tenant, a GUID or a domain.");
ABSL_FLAG(std::string, client_id, "", "Id of the app registration.");
ABSL_FLAG(std::string, client_secret_file, "", "Holds the client secret.");
ABSL_FLAG(std::string, redirect_uri, "",
          "Where the consent page sends the browser back to.");
ABSL_FLAG(std::string, browser_ca, "",
          "Opens the consent page itself, trusting this CA file: for a local "
          "Entra whose administrator always consents.");
ABSL_FLAG(std::string, summary, "", "Where the figures are written as JSON.");

namespace rollcall::deploy {
namespace {

// Follows redirects as the administrator's browser would.
absl::Status Browse(const std::string& address, const std::string& ca_file) {
  constexpr int kMostRedirects = 5;
  http::ClientOptions options;
  options.ca_file = ca_file;
  ASSIGN_OR_RETURN(auto client, http::Client::Create(options));
  http::Request request;
  request.url = address;
  for (int step = 0; step < kMostRedirects; ++step) {
    ASSIGN_OR_RETURN(http::Response response, client->Send(request));
    if (response.status == 200) return absl::OkStatus();
    const absl::optional<std::string> location = response.Header("Location");
    if (response.status / 100 != 3 || !location.has_value()) {
      return FailedPrecondition(
          "CONSENT_PAGE_FAILED",
          absl::StrCat("The consent page answered ", response.status, "."));
    }
    request.url = *location;
  }
  return FailedPrecondition("CONSENT_PAGE_FAILED",
                            "The consent page redirects without end.");
}

absl::Status AskForConsent(const std::string& consent_uri) {
  if (const std::string ca = absl::GetFlag(FLAGS_browser_ca); !ca.empty()) {
    return Browse(consent_uri, ca);
  }
  std::cout << "\nAn administrator of the tenant must give consent here:\n\n  "
            << consent_uri
            << "\n\nThe app registration needs the redirect URI\n\n  "
            << absl::GetFlag(FLAGS_redirect_uri)
            << "\n\nand the application permissions of Microsoft Graph "
               "User.Read.All,\nGroup.Read.All and Organization.Read.All.\n\n"
               "Waiting for consent.\n"
            << std::flush;
  return absl::OkStatus();
}

absl::StatusOr<Secret> ReadSecret(const std::string& path) {
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)),
                   std::istreambuf_iterator<char>());
  if (!file || text.empty()) {
    return NotFound("SECRET_FILE_UNREADABLE",
                    absl::StrCat("Cannot read a secret from ", path, "."),
                    {{"path", path}});
  }
  return Secret(std::string(absl::StripSuffix(text, "\n")));
}

absl::Status Run(std::vector<std::string> groups) {
  const std::string tls = absl::GetFlag(FLAGS_tls_directory);
  const auto files = [&](const std::string& who) {
    return rpc::TlsFiles{tls + "/ca.pem", absl::StrCat(tls, "/", who, ".pem"),
                         absl::StrCat(tls, "/", who, ".key")};
  };
  ASSIGN_OR_RETURN(
      Stack stack,
      Stack::Open({absl::GetFlag(FLAGS_authorization),
                   absl::GetFlag(FLAGS_directory_service),
                   absl::GetFlag(FLAGS_reconciliation),
                   absl::GetFlag(FLAGS_enrollment), files("operator"),
                   files("owner"), absl::GetFlag(FLAGS_trust_domain)}));

  SetupOptions setup;
  setup.account_id = absl::GetFlag(FLAGS_account);
  setup.connection_id = absl::GetFlag(FLAGS_connection);
  setup.directory_id = absl::GetFlag(FLAGS_directory);
  setup.login_origin = absl::GetFlag(FLAGS_authority);
  setup.graph_origin = absl::GetFlag(FLAGS_graph);
  setup.tenant = absl::GetFlag(FLAGS_tenant);
  setup.client_id = absl::GetFlag(FLAGS_client_id);
  setup.groups = std::move(groups);
  setup.ask_for_consent = AskForConsent;
  setup.say = [](const std::string& line) { std::cout << line << std::endl; };
  ASSIGN_OR_RETURN(setup.client_secret,
                   ReadSecret(absl::GetFlag(FLAGS_client_secret_file)));
  ASSIGN_OR_RETURN(Configured configured, SetUp(stack, setup));

  Display display(std::cout, isatty(STDOUT_FILENO) == 1);
  ASSIGN_OR_RETURN(Report report, RunFullSync(stack, configured.directory,
                                              [&](const Sample& sample) {
                                                display.Show(sample);
                                              }));
  display.End();
  report.organization = configured.organization;
  std::cout << "\n" << ToTable(report) << std::flush;
  if (const std::string path = absl::GetFlag(FLAGS_summary); !path.empty()) {
    const std::string draft = path + ".new";
    std::ofstream file(draft, std::ios::trunc);
    file << ToJson(report);
    file.close();
    if (!file || std::rename(draft.c_str(), path.c_str()) != 0) {
      return Unavailable("SUMMARY_UNWRITABLE",
                         absl::StrCat("Cannot write ", path, "."),
                         {{"path", path}});
    }
  }
  if (report.state == "FAILED") {
    return FailedPrecondition("RUN_FAILED", "The sync failed; see above.");
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace rollcall::deploy

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Runs a first full sync: first_sync [flags] \"group name\" ...");
  const std::vector<char*> arguments = absl::ParseCommandLine(argc, argv);
  const absl::Status status = rollcall::deploy::Run(
      std::vector<std::string>(arguments.begin() + 1, arguments.end()));
  if (status.ok()) return 0;
  std::cerr << "\n" << status.message();
  if (const std::string reason = rollcall::ReasonOf(status); !reason.empty()) {
    std::cerr << " (" << reason << ")";
  }
  std::cerr << std::endl;
  return 1;
}
