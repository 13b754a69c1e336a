// The client against real little servers over TLS.
#include "common/http/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/status/errors.h"
#include "common/testing/certificates.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "httplib.h"

extern char** environ;

namespace rollcall::http {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::IsOk;
using ::rollcall::testing::StatusIs;
using ::rollcall::testing::TestAuthority;

TestAuthority& Authority() {
  static auto& authority = *new TestAuthority();
  return authority;
}

// A server that answers by `handler` on any path, at a port of its own.
class LittleServer {
 public:
  explicit LittleServer(httplib::Server::Handler handler,
                        const testing::CertificateSpec& certificate = {})
      : files_(Authority().Issue("server", certificate)),
        server_(files_.certificate_file.c_str(), files_.key_file.c_str()) {
    server_.set_keep_alive_max_count(1000);
    server_.new_task_queue = [] { return new httplib::ThreadPool(32); };
    const auto counted = [this, handler](const httplib::Request& request,
                                         httplib::Response& response) {
      {
        absl::MutexLock lock(&mutex_);
        client_ports_.insert(request.remote_port);
      }
      handler(request, response);
    };
    server_.Get(".*", counted);
    server_.Post(".*", counted);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }

  ~LittleServer() {
    server_.stop();
    thread_.join();
  }

  std::string Url(const std::string& path) const {
    return absl::StrCat("https://localhost:", port_, path);
  }

  size_t connection_count() {
    absl::MutexLock lock(&mutex_);
    return client_ports_.size();
  }

 private:
  const rpc::TlsFiles files_;
  httplib::SSLServer server_;
  int port_ = 0;
  std::thread thread_;
  absl::Mutex mutex_;
  std::set<int> client_ports_ ABSL_GUARDED_BY(mutex_);
};

std::unique_ptr<Client> NewClient(int max_parallel = 8) {
  return *Client::Create(
      {.ca_file = Authority().ca_file(), .max_parallel = max_parallel});
}

TEST(HttpClient, SendsWhatItIsTold) {
  LittleServer server([](const auto& request, auto& response) {
    response.status = 201;
    response.set_header("X-Seen", request.get_header_value("Authorization"));
    response.set_content(
        absl::StrCat(request.method, " ", request.target, " ", request.body),
        "application/octet-stream");
  });
  const auto response =
      NewClient()->Send({.method = "POST",
                         .url = server.Url("/a/../%2f?$skiptoken=%c3x"),
                         .headers = {{"Authorization", "Bearer t"},
                                     {"Content-Type", "text/plain"}},
                         .body = "a=1"});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 201);
  // Verbatim: links of a server are opaque.
  EXPECT_EQ(response->body, "POST /a/../%2f?$skiptoken=%c3x a=1");
  EXPECT_EQ(response->Header("x-seen").value_or(""), "Bearer t");
  EXPECT_EQ(response->Header("x-unseen"), absl::nullopt);
  EXPECT_EQ(response->http_version, 11);
}

TEST(HttpClient, AnyStatusIsAnAnswer) {
  LittleServer server([](const auto&, auto& response) {
    response.status = 503;
    response.set_header("Retry-After", "7");
    response.set_content("busy", "application/octet-stream");
  });
  const auto response = NewClient()->Send({.url = server.Url("/")});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->Header("retry-after").value_or(""), "7");
  EXPECT_EQ(response->body, "busy");
}

TEST(HttpClient, DoesNotFollowRedirects) {
  absl::Notification followed;
  LittleServer server([&](const auto& request, auto& response) {
    if (request.path == "/next") followed.Notify();
    response.set_redirect("/next");
  });
  const auto response = NewClient()->Send({.url = server.Url("/")});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(response->Header("location").value_or(""), "/next");
  EXPECT_FALSE(followed.HasBeenNotified());
}

TEST(HttpClient, RefusesAddressesBeforeConnecting) {
  const auto client = NewClient();
  for (const char* url :
       {"http://localhost/", "ftp://localhost/", "https://user@localhost/",
        "https://user:word@localhost/", "//localhost/", "localhost"}) {
    EXPECT_THAT(client->Send({.url = url}),
                StatusIs(StatusCode::kInvalidArgument, "HTTP_URL_INVALID"))
        << url;
  }
}

TEST(HttpClient, RefusesHeadersThatHoldAnother) {
  const auto client = NewClient();
  const Headers wrong[] = {{{"X", "a\r\nAuthorization: b"}},
                           {{"X", std::string("a\0b", 3)}},
                           {{"X: y", "a"}},
                           {{"", "a"}}};
  for (const Headers& headers : wrong) {
    EXPECT_THAT(
        client->Send({.url = "https://localhost:1/", .headers = headers}),
        StatusIs(StatusCode::kInvalidArgument, "HTTP_HEADER_INVALID"));
  }
}

TEST(HttpClient, TrustsOnlyTheAuthorityItWasGiven) {
  LittleServer server([](const auto&, auto& response) {
    response.set_content("secret", "text/plain");
  });
  TestAuthority other("other.test");
  const auto stranger = *Client::Create({.ca_file = other.ca_file()});
  EXPECT_THAT(stranger->Send({.url = server.Url("/")}),
              StatusIs(StatusCode::kUnavailable, "HTTP_TLS_FAILED"));
  const auto system = *Client::Create({});
  EXPECT_THAT(system->Send({.url = server.Url("/")}),
              StatusIs(StatusCode::kUnavailable, "HTTP_TLS_FAILED"));
  EXPECT_EQ(server.connection_count(), 0u);
}

TEST(HttpClient, ChecksTheNameOfTheServer) {
  LittleServer server(
      [](const auto&, auto& response) {
        response.set_content("secret", "text/plain");
      },
      {.dns_names = {"graph.test"}, .ip_addresses = {}});
  EXPECT_THAT(NewClient()->Send({.url = server.Url("/")}),
              StatusIs(StatusCode::kUnavailable, "HTTP_TLS_FAILED"));
  EXPECT_EQ(server.connection_count(), 0u);
}

TEST(HttpClient, RefusesAnExpiredCertificate) {
  LittleServer server(
      [](const auto&, auto& response) {
        response.set_content("secret", "text/plain");
      },
      {.valid_from = -absl::Hours(2), .valid_until = -absl::Hours(1)});
  EXPECT_THAT(NewClient()->Send({.url = server.Url("/")}),
              StatusIs(StatusCode::kUnavailable, "HTTP_TLS_FAILED"));
}

TEST(HttpClient, NeedsAReadableAuthority) {
  EXPECT_THAT(
      Client::Create({.ca_file = "/nonexistent.pem"}),
      StatusIs(StatusCode::kFailedPrecondition, "HTTP_CA_FILE_UNREADABLE"));
}

// A socket of this machine, closed at the end.
struct Socket {
  const int number = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ~Socket() { close(number); }
};

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int FreePort() {
  const Socket listener;
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  bind(listener.number, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(listener.number, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

bool Listens(int port) {
  const Socket caller;
  const sockaddr_in address = Loopback(port);
  return connect(caller.number, reinterpret_cast<const sockaddr*>(&address),
                 sizeof address) == 0;
}

TEST(HttpClient, ADeadServerIsUnavailable) {
  const absl::Status refused =
      NewClient()
          ->Send({.url = absl::StrCat("https://localhost:", FreePort(),
                                      "/?token=hunter2")})
          .status();
  EXPECT_THAT(refused,
              StatusIs(StatusCode::kUnavailable, "HTTP_CONNECT_FAILED"));
  EXPECT_EQ(refused.ToString().find("hunter2"), std::string::npos);
}

// The server promises 100 bytes, sends 10 and closes (protocol §7, fault 30).
TEST(HttpClient, ABodyCutShortIsAnError) {
  LittleServer server([](const auto&, auto& response) {
    response.set_content_provider(
        100, "application/octet-stream",
        [](size_t offset, size_t, httplib::DataSink& sink) {
          if (offset > 0) return false;
          sink.write("0123456789", 10);
          return true;
        });
  });
  EXPECT_THAT(NewClient()->Send({.url = server.Url("/")}),
              StatusIs(StatusCode::kUnavailable, "HTTP_CUT_SHORT"));
}

TEST(HttpClient, AChunkedBodyCutShortIsAnError) {
  LittleServer server([](const auto&, auto& response) {
    response.set_chunked_content_provider(
        "application/octet-stream", [](size_t offset, httplib::DataSink& sink) {
          if (offset > 0) return false;
          sink.write("0123456789", 10);
          return true;
        });
  });
  EXPECT_THAT(NewClient()->Send({.url = server.Url("/")}),
              StatusIs(StatusCode::kUnavailable, "HTTP_CUT_SHORT"));
}

// RFC 9112 §8: such a body may have been cut by anybody on the way.
TEST(HttpClient, ABodyThatEndsWithItsConnectionIsAnError) {
  LittleServer server([](const auto&, auto& response) {
    response.set_content_provider("application/octet-stream",
                                  [](size_t, httplib::DataSink& sink) {
                                    sink.write("0123456789", 10);
                                    sink.done();
                                    return true;
                                  });
  });
  EXPECT_THAT(NewClient()->Send({.url = server.Url("/"),
                                 .headers = {{"Connection", "close"}}}),
              StatusIs(StatusCode::kUnavailable, "HTTP_CUT_SHORT"));
}

TEST(HttpClient, AnswersWithoutABodyAreWhole) {
  LittleServer server(
      [](const auto&, auto& response) { response.status = 204; });
  EXPECT_THAT(NewClient()->Send({.url = server.Url("/")}), IsOk());
}

TEST(HttpClient, StopsReceivingAtTheLimit) {
  LittleServer server([](const auto&, auto& response) {
    // Endless, had it no limit.
    response.set_chunked_content_provider(
        "application/octet-stream", [](size_t, httplib::DataSink& sink) {
          const std::string chunk(16 << 10, 'x');
          return sink.write(chunk.data(), chunk.size());
        });
  });
  EXPECT_THAT(
      NewClient()->Send({.url = server.Url("/"), .max_body_bytes = 100000}),
      StatusIs(StatusCode::kResourceExhausted, "HTTP_BODY_TOO_LARGE"));
}

TEST(HttpClient, StopsEndlessHeaders) {
  LittleServer server([](const auto&, auto& response) {
    for (int i = 0; i < 100; ++i) {
      response.set_header(absl::StrCat("X-", i).c_str(),
                          std::string(4000, 'x'));
    }
  });
  EXPECT_THAT(NewClient()->Send({.url = server.Url("/")}),
              StatusIs(StatusCode::kResourceExhausted, "HTTP_BODY_TOO_LARGE"));
}

TEST(HttpClient, UnpacksGzip) {
  const std::string text(3000000, 'x');
  LittleServer server([&](const auto&, auto& response) {
    response.set_content(text, "text/plain");  // The server packs text.
  });
  const auto response = NewClient()->Send({.url = server.Url("/")});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->Header("Content-Encoding").value_or(""), "gzip");
  EXPECT_TRUE(response->body == text);
}

TEST(HttpClient, ADecompressionBombHitsTheLimit) {
  const std::string text(20000000, '\0');
  LittleServer server([&](const auto&, auto& response) {
    response.set_content(text, "text/plain");
  });
  EXPECT_THAT(
      NewClient()->Send({.url = server.Url("/"), .max_body_bytes = 1 << 20}),
      StatusIs(StatusCode::kResourceExhausted, "HTTP_BODY_TOO_LARGE"));
}

TEST(HttpClient, WhatDoesNotUnpackIsAnError) {
  for (const char* encoding : {"gzip", "br"}) {
    LittleServer server([&](const auto&, auto& response) {
      response.set_header("Content-Encoding", encoding);
      response.set_content("not packed", "application/octet-stream");
    });
    EXPECT_THAT(NewClient()->Send({.url = server.Url("/")}),
                StatusIs(StatusCode::kUnavailable, "HTTP_BODY_MALFORMED"))
        << encoding;
  }
}

TEST(HttpClient, ASilentServerTimesOut) {
  absl::Notification over;
  LittleServer server([&](const auto&, auto&) { over.WaitForNotification(); });
  EXPECT_THAT(NewClient()->Send(
                  {.url = server.Url("/"), .timeout = absl::Milliseconds(200)}),
              StatusIs(StatusCode::kUnavailable, "HTTP_TIMEOUT"));
  over.Notify();
}

TEST(HttpClient, StopEndsRequestsUnderWayAndThoseThatWait) {
  absl::Notification arrived, over;
  LittleServer server([&](const auto&, auto&) {
    arrived.Notify();
    over.WaitForNotification();
  });
  const auto client = NewClient(/*max_parallel=*/1);
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      EXPECT_THAT(client->Send({.url = server.Url("/")}),
                  StatusIs(StatusCode::kCancelled, "HTTP_STOPPED"));
    });
  }
  arrived.WaitForNotification();
  client->Stop();
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(client->Send({.url = server.Url("/")}),
              StatusIs(StatusCode::kCancelled, "HTTP_STOPPED"));
  over.Notify();
}

TEST(HttpClient, ReusesItsConnection) {
  LittleServer server([](const auto&, auto& response) {
    response.set_content("x", "text/plain");
  });
  const auto client = NewClient();
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(client->Send({.url = server.Url("/")}), IsOk());
  }
  EXPECT_EQ(server.connection_count(), 1u);
}

// 24 callers, 3 places: the server holds its answers back until 3 requests are
// with it, and never sees a fourth.
TEST(HttpClient, KeepsParallelismInItsBounds) {
  absl::Mutex mutex;
  int present = 0, most = 0;
  LittleServer server([&](const auto&, auto& response) {
    absl::MutexLock lock(&mutex);
    most = std::max(most, ++present);
    const auto full = [&] { return most >= 3; };
    mutex.Await(absl::Condition(&full));
    --present;
    response.set_content("x", "text/plain");
  });
  const auto client = NewClient(/*max_parallel=*/3);
  std::vector<std::thread> callers;
  for (int i = 0; i < 24; ++i) {
    callers.emplace_back(
        [&] { EXPECT_THAT(client->Send({.url = server.Url("/")}), IsOk()); });
  }
  for (std::thread& caller : callers) caller.join();
  absl::MutexLock lock(&mutex);
  EXPECT_EQ(most, 3);
  EXPECT_LE(server.connection_count(), 3u);
}

// nghttpd, serving one file over HTTP/2.
class Http2Server {
 public:
  Http2Server() {
    const rpc::TlsFiles files = Authority().Issue("http2", {});
    const std::string root = Authority().directory();
    std::ofstream(root + "/page.json") << std::string(200000, 'x');
    const std::string port = absl::StrCat(port_), htdocs = "--htdocs=" + root;
    std::vector<std::string> words = {"nghttpd",      "--address=127.0.0.1",
                                      htdocs,         port,
                                      files.key_file, files.certificate_file};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    EXPECT_EQ(posix_spawn(&pid_, "/usr/sbin/nghttpd", nullptr, nullptr,
                          argv.data(), environ),
              0);
    while (!Listens(port_)) std::this_thread::yield();
  }

  ~Http2Server() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  std::string Url() const {
    return absl::StrCat("https://localhost:", port_, "/page.json");
  }

 private:
  const int port_ = FreePort();
  pid_t pid_ = 0;
};

TEST(HttpClient, SpeaksHttp2) {
  const Http2Server server;
  const auto client = NewClient();
  std::vector<std::thread> callers;
  for (int i = 0; i < 40; ++i) {
    callers.emplace_back([&] {
      const auto response = client->Send({.url = server.Url()});
      ASSERT_THAT(response, IsOk());
      EXPECT_EQ(response->status, 200);
      EXPECT_EQ(response->http_version, 20);
      EXPECT_EQ(response->body.size(), 200000u);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(HttpClient, AStreamOverTheLimitDoesNotHarmItsNeighbours) {
  const Http2Server server;
  const auto client = NewClient();
  std::vector<std::thread> callers;
  for (int i = 0; i < 16; ++i) {
    callers.emplace_back([&, i] {
      const bool small = i % 2 == 0;
      const size_t limit = small ? 1000 : 1 << 20;
      const auto response =
          client->Send({.url = server.Url(), .max_body_bytes = limit});
      if (small) {
        EXPECT_THAT(response, StatusIs(StatusCode::kResourceExhausted,
                                       "HTTP_BODY_TOO_LARGE"));
      } else {
        EXPECT_THAT(response, IsOk());
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(HttpClient, HeadHasNoBody) {
  const Http2Server server;
  const auto response =
      NewClient()->Send({.method = "HEAD", .url = server.Url()});
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "");
}

}  // namespace
}  // namespace rollcall::http
