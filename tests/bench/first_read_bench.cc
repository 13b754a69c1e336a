// Times a first full read of a local Entra into a store on disk, and the
// stream of it; prints one line of figures. The tenant lives in a process of
// its own, so the memory is the reader's.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/http/client.h"
#include "common/store/rocksdb_store.h"
#include "common/time/clock.h"
#include "services/directory/fake_authorization.h"
#include "services/directory/graph_client.h"
#include "services/directory/manager.h"
#include "services/directory/mirror_keeper.h"
#include "simdjson.h"
#include "tests/fakes/entra/emulator.h"

ABSL_FLAG(int, users, 10'000, "Users of the tenant.");
ABSL_FLAG(int, groups, 50, "Groups of the tenant.");
ABSL_FLAG(bool, phones, true, "Whether phones are imported.");

namespace {

namespace directory = rollcall::directory;
namespace entra = rollcall::entra;
namespace http = rollcall::http;
namespace store = rollcall::store;
namespace v1 = rollcall::directory::v1;

constexpr char kConnection[] = "accounts/acme/connections/c1";

// What the reader must know about the tenant, a line each.
struct TenantFacts {
  std::string origin, ca_file, tenant_id, client_id, client_secret;
  std::string group_ids[5];
};

// Runs the tenant in a child until it is killed.
pid_t StartTenant(const std::string& folder) {
  const std::string facts = folder + "/facts";
  const pid_t child = fork();
  if (child != 0) {
    while (!std::filesystem::exists(facts)) absl::SleepFor(absl::Seconds(0.1));
    return child;
  }
  auto emulator = entra::Emulator::Start(
      {.ca_directory = folder,
       .tenant = {.users = absl::GetFlag(FLAGS_users),
                  .groups = absl::GetFlag(FLAGS_groups)}});
  if (!emulator.ok()) std::exit(1);
  std::ofstream out(facts + ".new");
  out << (*emulator)->origin() << '\n'
      << (*emulator)->ca_file() << '\n'
      << (*emulator)->tenant_id() << '\n'
      << (*emulator)->client_id() << '\n'
      << (*emulator)->client_secret() << '\n';
  for (const auto name : entra::kDepartments) {
    out << (*emulator)->tenant().FindGroup(name)->id << '\n';
  }
  out.close();
  std::filesystem::rename(facts + ".new", facts);
  while (true) pause();
}

TenantFacts ReadFacts(const std::string& folder) {
  TenantFacts facts;
  std::ifstream in(folder + "/facts");
  in >> facts.origin >> facts.ca_file >> facts.tenant_id >> facts.client_id >>
      facts.client_secret;
  for (std::string& id : facts.group_ids) in >> id;
  return facts;
}

std::string AskForToken(http::Client& client, const TenantFacts& facts) {
  http::Request request;
  request.method = "POST";
  request.url =
      absl::StrCat(facts.origin, "/", facts.tenant_id, "/oauth2/v2.0/token");
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body =
      http::FormEncode({{"grant_type", "client_credentials"},
                        {"client_id", facts.client_id},
                        {"client_secret", facts.client_secret},
                        {"scope", "https://graph.microsoft.com/.default"}});
  const auto response = client.Send(request);
  if (!response.ok()) std::exit(1);
  simdjson::dom::parser parser;
  std::string_view token;
  if (parser.parse(response->body).at_key("access_token").get(token)) {
    std::exit(1);
  }
  return std::string(token);
}

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int Measure(const std::string& folder) {
  const TenantFacts facts = ReadFacts(folder);
  auto client = http::Client::Create({.ca_file = facts.ca_file});
  auto rows = store::OpenRocksDb({.path = folder + "/store", .owner = "bench"});
  if (!client.ok() || !rows.ok()) return 1;
  directory::FakeAuthorization authorization(kConnection, facts.origin,
                                             facts.tenant_id);
  authorization.set_fixed_token(AskForToken(**client, facts));
  directory::RealWaiter waiter;
  rollcall::Clock& clock = rollcall::Clock::GetRealClock();
  directory::GraphClient graph(**client, authorization, clock, waiter);
  directory::DirectoryManager manager(**rows, authorization, graph, clock);
  directory::MirrorKeeper keeper(**rows, authorization, graph, clock);

  v1::CreateDirectoryRequest create;
  create.set_parent("accounts/acme");
  create.set_directory_id("d1");
  create.mutable_directory()->set_display_name("Bench");
  create.mutable_directory()->set_connection(kConnection);
  create.mutable_directory()->set_phone_import_enabled(
      absl::GetFlag(FLAGS_phones));
  create.mutable_directory()->set_default_region_code("GB");
  for (const std::string& id : facts.group_ids) {
    create.mutable_directory()->add_selected_groups()->set_source_id(id);
  }
  const auto made = manager.Create(create);
  if (!made.ok()) return 1;

  v1::StreamDesiredStateRequest request;
  request.set_name(made->name());
  request.set_mode(v1::StreamDesiredStateRequest::FULL);
  const double cpu_before = CpuSeconds();
  const absl::Time begin = absl::Now();
  absl::Time sealed = begin;
  v1::DesiredStateTrailer trailer;
  const absl::Status status = keeper.StreamDesiredState(
      request, [] { return false; },
      [&](const v1::StreamDesiredStateResponse& response) {
        if (response.has_group() && sealed == begin) sealed = absl::Now();
        if (response.has_trailer()) trailer = response.trailer();
        return true;
      });
  const absl::Time end = absl::Now();
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  if (!status.ok()) {
    std::cerr << status << "\n";
    return 1;
  }
  std::printf(
      "users %lld  complete %d  read %.3f s  stream %.3f s  cpu %.2f s  "
      "requests %lld  peak %ld MiB\n",
      static_cast<long long>(trailer.user_count()), trailer.complete(),
      absl::ToDoubleSeconds(sealed - begin),
      absl::ToDoubleSeconds(end - sealed), CpuSeconds() - cpu_before,
      static_cast<long long>(trailer.requests()), usage.ru_maxrss / 1024);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  std::string folder =
      (std::filesystem::temp_directory_path() / "first_read.XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  const pid_t tenant = StartTenant(folder);
  const int result = Measure(folder);
  kill(tenant, SIGKILL);
  waitpid(tenant, nullptr, 0);
  std::filesystem::remove_all(folder);
  return result;
}
