#include "tests/bench/local_tenant.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/http/client.h"
#include "httplib.h"
#include "simdjson.h"
#include "tests/fakes/entra/emulator.h"

namespace rollcall::bench {
namespace {

// A question or an answer is a line.
std::string ReadLine(int socket) {
  std::string line;
  char c = 0;
  while (read(socket, &c, 1) == 1) {
    if (c == '\n') return line;
    line.push_back(c);
  }
  std::exit(1);  // The other side is gone.
}

void WriteLine(int socket, const std::string& text) {
  const std::string line = text + "\n";
  for (size_t sent = 0; sent < line.size();) {
    const ssize_t n = write(socket, line.data() + sent, line.size() - sent);
    if (n <= 0) std::exit(1);
    sent += static_cast<size_t>(n);
  }
}

// The child's half.
class Servant {
 public:
  Servant(entra::Emulator& emulator, int64_t users)
      : emulator_(emulator), users_(users) {}

  std::string Describe() {
    std::string text =
        absl::StrCat(emulator_.origin(), " ", emulator_.ca_file(), " ",
                     emulator_.tenant_id(), " ", emulator_.client_id(), " ",
                     emulator_.client_secret());
    emulator_.tenant().Read([&text](const entra::TenantState& state) {
      for (const entra::Group& group : state.groups()) {
        absl::StrAppend(&text, " ", group.id.ToString());
      }
    });
    return text;
  }

  std::string Obey(const std::string& command) {
    std::istringstream words(command);
    std::string verb;
    int64_t number = 0;
    words >> verb >> number;
    if (verb == "latency") return SetLatency(number);
    if (verb == "change") return ChangeUsers(number);
    if (verb == "counts") return Counts();
    return "";
  }

 private:
  std::string SetLatency(int64_t milliseconds) {
    emulator_.faults().Clear();
    if (milliseconds > 0) {
      emulator_.faults().Add({.kind = entra::FaultKind::kLatency,
                              .path = "/v1.0/",
                              .delay = absl::Milliseconds(milliseconds)});
    }
    return "done";
  }

  // Spread over the tenant; a round changes other values than the one before.
  std::string ChangeUsers(int64_t count) {
    ++round_;
    std::vector<std::string> ids;
    emulator_.tenant().Read([&](const entra::TenantState& state) {
      for (int64_t i = 0; i < count; ++i) {
        ids.push_back(state.users()[static_cast<size_t>(i * users_ / count)]
                          .id.ToString());
      }
    });
    for (size_t i = 0; i < ids.size(); ++i) {
      const absl::Status status = emulator_.tenant().UpdateUser(
          ids[i], {.display_name = absl::StrCat("Renamed ", round_, " ", i)});
      if (!status.ok()) return "failed";
    }
    return "done";
  }

  std::string Counts() {
    httplib::Client control(emulator_.control_origin());
    const auto answer = control.Get("/stats");
    if (!answer) return "failed";
    simdjson::dom::parser parser;
    const auto stats = parser.parse(answer->body);
    int64_t requests = 0;
    int64_t bytes = 0;
    int64_t units = 0;
    if (stats["graph_requests"].get(requests) ||
        stats["bytes_sent"].get(bytes) || stats["resource_units"].get(units)) {
      return "failed";
    }
    return absl::StrCat(requests, " ", bytes, " ", units);
  }

  entra::Emulator& emulator_;
  const int64_t users_;
  int round_ = 0;
};

[[noreturn]] void Serve(int socket, const std::string& folder,
                        const entra::TenantOptions& options) {
  const auto emulator =
      entra::Emulator::Start({.ca_directory = folder, .tenant = options});
  if (!emulator.ok()) std::exit(1);
  Servant servant(**emulator, options.users);
  WriteLine(socket, servant.Describe());
  while (true) WriteLine(socket, servant.Obey(ReadLine(socket)));
}

}  // namespace

std::unique_ptr<LocalTenant> LocalTenant::Start(
    const entra::TenantOptions& options) {
  std::unique_ptr<LocalTenant> tenant(new LocalTenant());
  tenant->folder_ =
      (std::filesystem::temp_directory_path() / "tenant.XXXXXX").string();
  int sockets[2];
  if (mkdtemp(tenant->folder_.data()) == nullptr ||
      socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) {
    std::exit(1);
  }
  std::fflush(nullptr);  // What is buffered is printed by this process only.
  tenant->child_ = fork();
  if (tenant->child_ == 0) {
    close(sockets[0]);
    Serve(sockets[1], tenant->folder_, options);
  }
  close(sockets[1]);
  tenant->socket_ = sockets[0];
  std::istringstream words(ReadLine(tenant->socket_));
  TenantFacts& facts = tenant->facts_;
  words >> facts.origin >> facts.ca_file >> facts.tenant_id >>
      facts.client_id >> facts.client_secret;
  for (std::string id; words >> id;) facts.group_ids.push_back(id);
  return tenant;
}

LocalTenant::~LocalTenant() {
  kill(child_, SIGKILL);
  waitpid(child_, nullptr, 0);
  close(socket_);
  std::filesystem::remove_all(folder_);
}

std::string LocalTenant::Ask(const std::string& command) {
  WriteLine(socket_, command);
  std::string answer = ReadLine(socket_);
  if (answer == "failed") {
    std::fprintf(stderr, "The tenant could not: %s\n", command.c_str());
    std::exit(1);
  }
  return answer;
}

void LocalTenant::SetLatency(int milliseconds) {
  Ask(absl::StrCat("latency ", milliseconds));
}

void LocalTenant::ChangeUsers(int64_t count) {
  Ask(absl::StrCat("change ", count));
}

ServedCounts LocalTenant::Counts() {
  std::istringstream words(Ask("counts"));
  ServedCounts counts;
  words >> counts.requests >> counts.bytes >> counts.resource_units;
  return counts;
}

std::string LocalTenant::MakeToken() {
  const auto client = http::Client::Create({.ca_file = facts_.ca_file});
  if (!client.ok()) std::exit(1);
  http::Request request;
  request.method = "POST";
  request.url =
      absl::StrCat(facts_.origin, "/", facts_.tenant_id, "/oauth2/v2.0/token");
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body =
      http::FormEncode({{"grant_type", "client_credentials"},
                        {"client_id", facts_.client_id},
                        {"client_secret", facts_.client_secret},
                        {"scope", "https://graph.microsoft.com/.default"}});
  const auto response = (*client)->Send(request);
  if (!response.ok()) std::exit(1);
  simdjson::dom::parser parser;
  std::string_view token;
  if (parser.parse(response->body).at_key("access_token").get(token)) {
    std::exit(1);
  }
  return std::string(token);
}

}  // namespace rollcall::bench
