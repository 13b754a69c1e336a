#include "tests/fakes/mail/mail_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"

extern char** environ;

namespace rollcall::testing {
namespace {

constexpr char kProgramInRunfiles[] = "tests/fakes/mail/mail_server.py";

std::string FindProgram() {
  const char* runfiles = std::getenv("TEST_SRCDIR");
  const char* workspace = std::getenv("TEST_WORKSPACE");
  if (runfiles == nullptr || workspace == nullptr) return kProgramInRunfiles;
  return absl::StrCat(runfiles, "/", workspace, "/", kProgramInRunfiles);
}

absl::Status Failed(absl::string_view what) {
  return Internal("MAIL_SERVER_FAILED",
                  absl::StrCat("The mail server: ", what));
}

// Reads until the other side closes.
std::string ReadAll(int descriptor) {
  std::string text;
  char buffer[4096];
  ssize_t size;
  while ((size = read(descriptor, buffer, sizeof(buffer))) > 0) {
    text.append(buffer, static_cast<size_t>(size));
  }
  return text;
}

// The integer `name` of a flat JSON object that our own server wrote.
absl::StatusOr<int> JsonInt(const std::string& json, absl::string_view name) {
  const std::string key = absl::StrCat("\"", name, "\": ");
  const size_t at = json.find(key);
  int value = 0;
  if (at != std::string::npos) {
    absl::string_view rest = absl::string_view(json).substr(at + key.size());
    rest = rest.substr(0, rest.find_first_not_of("0123456789"));
    if (absl::SimpleAtoi(rest, &value)) return value;
  }
  return Failed(absl::StrCat("no ", name, " in ", json));
}

std::string JsonString(absl::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    json += c;
  }
  return json + "\"";
}

ReceivedMail ParseMail(absl::string_view file) {
  ReceivedMail mail;
  while (true) {
    const size_t end = file.find("\r\n");
    absl::string_view line = file.substr(0, end);
    if (absl::ConsumePrefix(&line, "X-Envelope-From: ")) {
      mail.sender = std::string(line);
    } else if (absl::ConsumePrefix(&line, "X-Envelope-To: ")) {
      mail.recipients.emplace_back(line);
    } else if (absl::ConsumePrefix(&line, "X-Envelope-Tls: ")) {
      mail.encrypted = line == "yes";
      mail.text = std::string(file.substr(end + 2));
      return mail;
    } else {
      return mail;
    }
    file.remove_prefix(end + 2);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<MailServer>> MailServer::Start(
    const MailServerOptions& options) {
  std::unique_ptr<MailServer> server(new MailServer());
  std::string directory =
      (std::filesystem::temp_directory_path() / "mails-XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) return Failed("no directory");
  server->directory_ = directory;

  int ready[2];
  int lifeline[2];
  if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(lifeline, O_CLOEXEC) != 0) {
    return Failed("no pipe");
  }
  server->lifeline_ = lifeline[1];
  constexpr int kReadyInChild = 3;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, lifeline[0], 0);
  posix_spawn_file_actions_adddup2(&actions, ready[1], kReadyInChild);

  std::vector<std::string> arguments = {
      options.program.empty() ? FindProgram() : options.program,
      absl::StrCat("--directory=", directory),
      absl::StrCat("--ready_fd=", kReadyInChild), "--lifeline"};
  if (!options.certificate_file.empty()) {
    arguments.push_back(
        absl::StrCat("--certificate=", options.certificate_file));
    arguments.push_back(absl::StrCat("--key=", options.key_file));
  }
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int error = posix_spawn(&server->process_, argv[0], &actions, nullptr,
                                argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(lifeline[0]);
  close(ready[1]);
  const std::string announced = error == 0 ? ReadAll(ready[0]) : "";
  close(ready[0]);
  if (error != 0) {
    server->process_ = -1;
    return Failed(absl::StrCat(arguments[0], " does not start, errno ", error));
  }
  ASSIGN_OR_RETURN(server->port_, JsonInt(announced, "port"));
  ASSIGN_OR_RETURN(server->control_port_, JsonInt(announced, "control_port"));
  return server;
}

MailServer::~MailServer() {
  if (lifeline_ >= 0) close(lifeline_);
  if (process_ > 0) {
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
  }
  std::error_code ignored;  // Nothing of value is left behind.
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

std::string MailServer::address() const {
  return absl::StrCat("127.0.0.1:", port_);
}

absl::StatusOr<std::vector<ReceivedMail>> MailServer::ReadMails() const {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    if (entry.path().extension() == ".eml") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<ReceivedMail> mails;
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return Failed(absl::StrCat("cannot read ", path.string()));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    mails.push_back(ParseMail(text));
  }
  return mails;
}

absl::Status MailServer::FailNext(const MailFault& fault) {
  return Control(
             "POST", "/faults",
             absl::StrFormat(R"({"stage":%s,"action":%s,"code":%d,"text":%s,)"
                             R"("seconds":%f,"keep":%s,"match":%s,"count":%d})",
                             JsonString(fault.stage), JsonString(fault.action),
                             fault.code, JsonString(fault.text), fault.seconds,
                             fault.keep ? "true" : "false",
                             JsonString(fault.match), fault.count))
      .status();
}

absl::Status MailServer::ClearFaults() {
  return Control("DELETE", "/faults", "").status();
}

absl::StatusOr<MailServer::Counters> MailServer::ReadCounters() const {
  ASSIGN_OR_RETURN(const std::string status, Control("GET", "/status", ""));
  Counters counters;
  ASSIGN_OR_RETURN(counters.mails, JsonInt(status, "mails"));
  ASSIGN_OR_RETURN(counters.connections, JsonInt(status, "connections"));
  ASSIGN_OR_RETURN(counters.transactions, JsonInt(status, "transactions"));
  return counters;
}

absl::StatusOr<std::string> MailServer::Control(const std::string& method,
                                                const std::string& path,
                                                const std::string& body) const {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return Failed("no socket");
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(control_port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string request =
      absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: localhost\r\n",
                   "Content-Length: ", body.size(), "\r\n\r\n", body);
  std::string answer;
  if (connect(descriptor, reinterpret_cast<sockaddr*>(&address),
              sizeof(address)) == 0 &&
      send(descriptor, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size())) {
    answer = ReadAll(descriptor);
  }
  close(descriptor);
  if (!absl::StartsWith(answer, "HTTP/1.1 200 ")) {
    return Failed(absl::StrCat(method, " ", path, " answered ", answer));
  }
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

}  // namespace rollcall::testing
