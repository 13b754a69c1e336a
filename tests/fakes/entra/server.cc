#include "tests/fakes/entra/server.h"

#include <httplib.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>

#include <atomic>
#include <list>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"

namespace rollcall::entra {
namespace {

constexpr int kIdleTimeoutMs = 120'000;
constexpr int kReadTimeoutMs = 30'000;
// The library's own backlog is 5, too short for a client with 8 connections.
constexpr int kBacklog = 1024;

// A connection, for the library to read from and write to. One thread.
class Connection : public httplib::Stream {
 public:
  Connection(int socket, SSL* ssl) : socket_(socket), ssl_(ssl) {}

  // Waits for the next request.
  bool WaitForRequest() {
    if (finished_ || broken_) return false;
    return Buffered() > 0 || Poll(POLLIN, kIdleTimeoutMs);
  }

  bool is_readable() const override {
    return Buffered() > 0 || Poll(POLLIN, kReadTimeoutMs);
  }
  bool is_writable() const override { return Poll(POLLOUT, kReadTimeoutMs); }

  ssize_t read(char* data, size_t size) override {
    if (next_ == filled_) {
      if (size >= sizeof(buffer_)) return Receive(data, size);
      const ssize_t received = Receive(buffer_, sizeof(buffer_));
      if (received <= 0) return received;
      next_ = 0;
      filled_ = static_cast<size_t>(received);
    }
    const size_t count = std::min(size, filled_ - next_);
    std::memcpy(data, buffer_ + next_, count);
    next_ += count;
    return static_cast<ssize_t>(count);
  }

  // From now on nothing is sent, and the client sees a reset.
  void Break() {
    broken_ = true;
    const linger reset{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  }

  bool is_broken() const { return broken_; }

  // The request at hand is the last one.
  void Finish() { finished_ = true; }

  ssize_t write(const char* data, size_t size) override {
    if (broken_) return -1;
    if (ssl_ != nullptr) {
      size_t written = 0;
      return SSL_write_ex(ssl_, data, size, &written) == 1
                 ? static_cast<ssize_t>(written)
                 : -1;
    }
    return ::send(socket_, data, size, MSG_NOSIGNAL);
  }

  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return socket_; }

 private:
  size_t Buffered() const {
    return filled_ - next_ +
           (ssl_ == nullptr ? 0 : static_cast<size_t>(SSL_pending(ssl_)));
  }

  bool Poll(short events, int timeout_ms) const {
    pollfd fd{socket_, events, 0};
    return ::poll(&fd, 1, timeout_ms) == 1;
  }

  ssize_t Receive(char* data, size_t size) {
    if (ssl_ == nullptr) {
      return Poll(POLLIN, kReadTimeoutMs) ? ::recv(socket_, data, size, 0) : -1;
    }
    size_t received = 0;
    if (SSL_read_ex(ssl_, data, size, &received) != 1) return -1;
    return static_cast<ssize_t>(received);
  }

  const int socket_;
  SSL* const ssl_;
  char buffer_[16384];
  size_t next_ = 0;
  size_t filled_ = 0;
  bool broken_ = false;
  bool finished_ = false;
};

// The connection that the current thread serves: the library does not tell
// its handlers.
thread_local Connection* current_connection = nullptr;

// Every connection runs in its own thread: an idle one holds up no other.
class ThreadPerConnection : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> serve) override {
    Forget();
    absl::MutexLock lock(&mutex_);
    auto& thread = threads_.emplace_back();
    thread.thread = std::thread([&thread, serve = std::move(serve)] {
      serve();
      thread.done = true;
    });
  }

  void shutdown() override {
    absl::MutexLock lock(&mutex_);
    for (Thread& thread : threads_) thread.thread.join();
    threads_.clear();
  }

 private:
  struct Thread {
    std::thread thread;
    std::atomic<bool> done = false;
  };

  // Joins those that have ended.
  void Forget() {
    absl::MutexLock lock(&mutex_);
    threads_.remove_if([](Thread& thread) {
      if (!thread.done) return false;
      thread.thread.join();
      return true;
    });
  }

  absl::Mutex mutex_;
  std::list<Thread> threads_ ABSL_GUARDED_BY(mutex_);
};

HttpRequest FromLibrary(const httplib::Request& request) {
  HttpRequest result{.method = request.method, .body = request.body};
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(
      absl::string_view(request.target), absl::MaxSplits('?', 1));
  result.path = std::string(parts.first);
  result.query = std::string(parts.second);
  for (const auto& [name, value] : request.headers) {
    result.headers.try_emplace(absl::AsciiStrToLower(name), value);
  }
  return result;
}

class ServerImpl : public Server, private httplib::Server {
 public:
  explicit ServerImpl(ServerOptions options) : options_(std::move(options)) {
    new_task_queue = [] { return new ThreadPerConnection; };
    set_address_family(AF_INET);
    set_keep_alive_max_count(1'000'000);
    set_keep_alive_timeout(kIdleTimeoutMs / 1000);
    set_pre_routing_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          // Those with a body are read first.
          if (request.method != "GET" && request.method != "HEAD") {
            return HandlerResponse::Unhandled;
          }
          Answer(request, response);
          return HandlerResponse::Handled;
        });
    const auto answer = [this](const httplib::Request& request,
                               httplib::Response& response) {
      Answer(request, response);
    };
    constexpr char kAnyPath[] = "[^]*";
    Post(kAnyPath, answer);
    Put(kAnyPath, answer);
    Patch(kAnyPath, answer);
    Delete(kAnyPath, answer);
    Options(kAnyPath, answer);
  }

  ~ServerImpl() override {
    stopping_ = true;
    httplib::Server::stop();
    {
      absl::MutexLock lock(&mutex_);
      for (int socket : open_) ::shutdown(socket, SHUT_RDWR);
    }
    if (accepting_.joinable()) accepting_.join();
  }

  absl::Status Listen() {
    const std::string& address = options_.address;
    port_ = options_.port;
    const bool bound = port_ == 0 ? (port_ = bind_to_any_port(address)) > 0
                                  : bind_to_port(address, port_);
    if (!bound) {
      return absl::UnavailableError(absl::StrCat("Cannot listen at ", address,
                                                 " port ", options_.port, "."));
    }
    ::listen(svr_sock_, kBacklog);
    accepting_ = std::thread([this] { listen_after_bind(); });
    while (!is_running()) std::this_thread::yield();
    return absl::OkStatus();
  }

  int port() const override { return port_; }

 private:
  // Called by the library in the thread of the connection.
  bool process_and_close_socket(socket_t socket) override {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const timeval timeout{kReadTimeoutMs / 1000, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    {
      absl::MutexLock lock(&mutex_);
      open_.insert(socket);
    }
    if (!stopping_) Serve(socket);
    {
      absl::MutexLock lock(&mutex_);
      open_.erase(socket);
    }
    ::close(socket);
    return true;
  }

  void Serve(int socket) {
    std::unique_ptr<SSL, OpenSslDeleter> ssl;  // none: in the clear
    if (options_.tls != nullptr) {
      ssl.reset(SSL_new(options_.tls.get()));
      SSL_set_fd(ssl.get(), socket);
      if (SSL_accept(ssl.get()) != 1) return ERR_clear_error();
    }
    Connection connection(socket, ssl.get());
    current_connection = &connection;
    while (!stopping_ && connection.WaitForRequest()) {
      bool closed = false;
      if (!process_request(connection, false, closed, nullptr) || closed) break;
    }
    current_connection = nullptr;
    if (ssl != nullptr && !connection.is_broken()) SSL_shutdown(ssl.get());
    ERR_clear_error();
  }

  void Answer(const httplib::Request& request, httplib::Response& response) {
    HttpResponse answer = options_.handler(FromLibrary(request));
    response.status = answer.status;
    for (const auto& [name, value] : answer.headers) {
      response.set_header(name, value);
    }
    if (answer.break_after == 0) current_connection->Break();
    if (answer.break_after.has_value()) {
      SendPart(answer, response);
      return;
    }
    response.body = std::move(answer.body);
    if (!response.body.empty() && !answer.content_type.empty()) {
      response.set_header("Content-Type", answer.content_type);
    }
  }

  // Promises the whole body, and breaks off.
  static void SendPart(HttpResponse& answer, httplib::Response& response) {
    const size_t promised = answer.body.size() + 1;
    const size_t sent = std::min(*answer.break_after, answer.body.size());
    response.set_content_provider(
        promised, answer.content_type,
        [body = std::move(answer.body), sent](size_t offset, size_t,
                                              httplib::DataSink& sink) {
          if (offset < sent) {
            return sink.write(body.data() + offset, sent - offset);
          }
          current_connection->Finish();
          return false;
        });
  }

  const ServerOptions options_;
  int port_ = 0;
  std::thread accepting_;
  std::atomic<bool> stopping_ = false;
  absl::Mutex mutex_;
  absl::flat_hash_set<int> open_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  auto server = std::make_unique<ServerImpl>(std::move(options));
  if (absl::Status status = server->Listen(); !status.ok()) return status;
  return server;
}

}  // namespace rollcall::entra
