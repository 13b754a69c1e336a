#include "common/http/client.h"

#include <curl/curl.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <set>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/http/transfer.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::http {
namespace {

using internal::Transfer;

// Longer than anything takes: libcurl's own timers and wake-ups end a wait.
constexpr int kMaxWaitMilliseconds = 60000;

// A multi handle refuses its calls only if it is misused.
void Require(CURLMcode code) {
  if (code != CURLM_OK) std::abort();
}

}  // namespace

absl::optional<std::string> Response::Header(absl::string_view name) const {
  for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
    if (absl::EqualsIgnoreCase(header->first, name)) return header->second;
  }
  return absl::nullopt;
}

// Runs all transfers on one thread over one multi handle, which owns the
// connections. Callers hand a transfer over and wait for it.
class Client::Engine {
 public:
  explicit Engine(ClientOptions options)
      : options_(std::move(options)), multi_(curl_multi_init()) {
    if (multi_ == nullptr) std::abort();
    const auto places = static_cast<long>(options_.max_parallel);
    Require(curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, places));
    Require(curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, places));
    Require(curl_multi_setopt(multi_, CURLMOPT_MAX_CONCURRENT_STREAMS, places));
    thread_ = std::thread([this] { Run(); });
  }

  ~Engine() {
    Stop();
    thread_.join();
    curl_multi_cleanup(multi_);
  }

  absl::StatusOr<Response> Send(const Request& request) {
    ASSIGN_OR_RETURN(const std::unique_ptr<Transfer> transfer,
                     Transfer::Create(options_, request));
    {
      absl::MutexLock lock(&mutex_);
      if (stopped_) {
        return Cancelled("HTTP_STOPPED", "The HTTP client was stopped.");
      }
      waiting_.push_back(transfer.get());
    }
    Require(curl_multi_wakeup(multi_));
    transfer->WaitUntilFinished();
    return transfer->TakeResponse();
  }

  void Stop() {
    {
      absl::MutexLock lock(&mutex_);
      stopped_ = true;
    }
    Require(curl_multi_wakeup(multi_));
  }

 private:
  void Run() {
    while (Admit()) {
      int running = 0;
      Require(curl_multi_perform(multi_, &running));
      // A finished transfer leaves its place to one that waits: admit it
      // before waiting for the network.
      if (FinishDone()) continue;
      Require(
          curl_multi_poll(multi_, nullptr, 0, kMaxWaitMilliseconds, nullptr));
    }
    CancelAll();
  }

  // Starts waiting transfers while there are places; false once stopped.
  bool Admit() {
    absl::MutexLock lock(&mutex_);
    while (!stopped_ && !waiting_.empty() &&
           under_way_.size() < static_cast<size_t>(options_.max_parallel)) {
      Transfer* const transfer = waiting_.front();
      waiting_.pop_front();
      Require(curl_multi_add_handle(multi_, transfer->easy()));
      under_way_.insert(transfer);
    }
    return !stopped_;
  }

  bool FinishDone() {
    bool any = false;
    int left = 0;
    while (CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      Transfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      Require(curl_multi_remove_handle(multi_, transfer->easy()));
      under_way_.erase(transfer);
      transfer->Finish(code);  // From here on it belongs to its caller.
      any = true;
    }
    return any;
  }

  void CancelAll() {
    for (Transfer* const transfer : under_way_) {
      Require(curl_multi_remove_handle(multi_, transfer->easy()));
      transfer->Cancel();
    }
    under_way_.clear();
    std::deque<Transfer*> waiting;
    {
      absl::MutexLock lock(&mutex_);
      waiting.swap(waiting_);
    }
    for (Transfer* const transfer : waiting) transfer->Cancel();
  }

  const ClientOptions options_;
  CURLM* const multi_;
  std::set<Transfer*> under_way_;  // The engine's thread only.
  absl::Mutex mutex_;
  std::deque<Transfer*> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<Client>> Client::Create(ClientOptions options) {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialized != CURLE_OK) {
    return Internal("HTTP_SETUP", "libcurl cannot be initialized.");
  }
  if (options.max_parallel < 1) {
    return InvalidArgument("HTTP_OPTIONS_INVALID",
                           "An HTTP client needs at least one place.");
  }
  if (!options.ca_file.empty() && access(options.ca_file.c_str(), R_OK) != 0) {
    return FailedPrecondition("HTTP_CA_FILE_UNREADABLE",
                              absl::StrCat("The file of certificate "
                                           "authorities ",
                                           options.ca_file, " cannot be read."),
                              {{"path", options.ca_file}});
  }
  return std::unique_ptr<Client>(
      new Client(std::make_unique<Engine>(std::move(options))));
}

Client::Client(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}

Client::~Client() = default;

absl::StatusOr<Response> Client::Send(const Request& request) {
  return engine_->Send(request);
}

void Client::Stop() { engine_->Stop(); }

}  // namespace rollcall::http
