// A real little Graph over TLS, which answers what it was told to.
#ifndef ROLLCALL_SERVICES_DIRECTORY_LITTLE_GRAPH_H_
#define ROLLCALL_SERVICES_DIRECTORY_LITTLE_GRAPH_H_

#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/testing/certificates.h"
#include "httplib.h"

namespace rollcall::directory {

struct Answer {
  int status = 200;
  std::string body = "{}";
  std::string retry_after;
  std::string location;
  std::vector<std::pair<std::string, std::string>> headers;
  std::function<void()> before;  // Happens just before the answer.
};

// Gives the answers it was told to, then 200; remembers what it was asked.
class LittleGraph {
 public:
  static std::string ca_file() { return Authority().ca_file(); }

  LittleGraph()
      : files_(Authority().Issue("graph", {})),
        server_(files_.certificate_file.c_str(), files_.key_file.c_str()) {
    const auto handle = [this](const httplib::Request& request,
                               httplib::Response& response) {
      absl::MutexLock lock(&mutex_);
      requests_.push_back(request);
      Answer answer;
      if (!answers_.empty()) {
        answer = answers_.front();
        answers_.pop_front();
      }
      if (answer.before) answer.before();
      response.status = answer.status;
      response.set_content(answer.body, "application/json");
      if (!answer.retry_after.empty()) {
        response.set_header("Retry-After", answer.retry_after);
      }
      for (const auto& [name, value] : answer.headers) {
        response.set_header(name, value);
      }
      if (!answer.location.empty()) {
        response.set_header("Location", answer.location);
      }
    };
    server_.set_tcp_nodelay(true);
    server_.Get(".*", handle);
    server_.Post(".*", handle);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }

  ~LittleGraph() {
    server_.stop();
    thread_.join();
  }

  std::string origin() const {
    return absl::StrCat("https://localhost:", port_);
  }
  void Say(std::vector<Answer> answers) {
    absl::MutexLock lock(&mutex_);
    answers_.assign(answers.begin(), answers.end());
  }
  std::vector<httplib::Request> requests() {
    absl::MutexLock lock(&mutex_);
    return requests_;
  }

 private:
  static testing::TestAuthority& Authority() {
    static auto& authority = *new testing::TestAuthority();
    return authority;
  }

  rpc::TlsFiles files_;
  httplib::SSLServer server_;
  int port_ = 0;
  absl::Mutex mutex_;
  std::deque<Answer> answers_ ABSL_GUARDED_BY(mutex_);
  std::vector<httplib::Request> requests_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_LITTLE_GRAPH_H_
