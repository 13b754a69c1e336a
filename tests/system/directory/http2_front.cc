#include "tests/system/directory/http2_front.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

extern char** environ;

namespace rollcall::directory {
namespace {

constexpr char kProxy[] = "/usr/sbin/haproxy";
constexpr int kBacklog = 128;
// Where the proxy finds the socket that it listens at.
constexpr int kListener = 3;

std::string Read(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// One line a request: see PassedOn. A lost line would be a lost proof, so the
// log is a file and not a socket.
std::string Configuration(const std::string& certificate_file, int port,
                          const std::string& ca_file) {
  return absl::StrCat(
      "global\n"
      "  nbthread 1\n"
      "  log stdout format raw local0\n"
      "  hard-stop-after 10s\n"
      "defaults\n"
      "  mode http\n"
      "  log global\n"
      "  log-format \"request %[fc_http_major] %cp %sc\"\n"
      "  timeout connect 10s\n"
      "  timeout client 60s\n"
      "  timeout server 60s\n"
      "frontend graph\n"
      "  bind fd@",
      kListener, " ssl crt ", certificate_file,
      " alpn h2,http/1.1\n"
      "  default_backend entra\n"
      "backend entra\n"
      "  server entra 127.0.0.1:",
      port, " ssl verify required verifyhost localhost ca-file ", ca_file,
      "\n");
}

}  // namespace

Http2Front::Http2Front()
    : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(listener_, raw, size), 0);
  EXPECT_EQ(listen(listener_, kBacklog), 0);
  EXPECT_EQ(getsockname(listener_, raw, &size), 0);
  port_ = ntohs(address.sin_port);
}

Http2Front::~Http2Front() {
  Stop();
  close(listener_);
}

std::string Http2Front::origin() const {
  return absl::StrCat("https://localhost:", port_);
}

std::string Http2Front::ca_file() const { return authority_.ca_file(); }

std::string Http2Front::LogFile() const {
  return authority_.directory() + "/front.log";
}

void Http2Front::Serve(int port, const std::string& ca_file) {
  const rpc::TlsFiles files = authority_.Issue("front", {});
  const std::string& directory = authority_.directory();
  const std::string certificate = directory + "/front.both.pem";
  std::ofstream(certificate)
      << Read(files.certificate_file) << Read(files.key_file);
  const std::string configuration = directory + "/front.cfg";
  std::ofstream(configuration) << Configuration(certificate, port, ca_file);

  std::string words[] = {kProxy, "-db", "-f", configuration};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, listener_, kListener);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, LogFile().c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  EXPECT_EQ(
      posix_spawn(&process_, kProxy, &actions, nullptr, argv.data(), environ),
      0);
  posix_spawn_file_actions_destroy(&actions);
}

std::vector<PassedOn> Http2Front::Stop() {
  if (process_ == 0) return {};
  kill(process_, SIGUSR1);
  int status = 0;
  EXPECT_EQ(waitpid(process_, &status, 0), process_);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << Read(LogFile());
  process_ = 0;

  std::vector<PassedOn> passed_on;
  std::ifstream log(LogFile());
  std::string line;
  while (std::getline(log, line)) {
    std::istringstream words(line);
    std::string first;
    PassedOn request;
    // Other lines are of the proxy's own life.
    if (words >> first >> request.http_version >> request.connection >>
            request.others &&
        first == "request") {
      passed_on.push_back(request);
    }
  }
  return passed_on;
}

}  // namespace rollcall::directory
