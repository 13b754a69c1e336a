#include "services/enrollment/smtp_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/status/errors.h"

namespace rollcall::enrollment {
namespace {

// A server that takes less than a byte a second for so long has gone away.
constexpr absl::Duration kStallTimeout = absl::Minutes(3);

// What is kept of a reply: one line of RFC 5321's longest.
constexpr size_t kMaxReply = 512;

// The reply that asks for the body, and is none to the mail.
constexpr int kGoAhead = 354;

bool IsLoopback(absl::string_view server) {
  const absl::string_view host = server.substr(0, server.rfind(':'));
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

long Seconds(absl::Duration duration) {
  return std::max<long>(1, static_cast<long>(absl::ToInt64Seconds(duration)));
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

}  // namespace

// One libcurl handle with its connection. One thread at a time.
class SmtpClient::Connection {
 public:
  explicit Connection(const SmtpOptions& options)
      : options_(options), curl_(curl_easy_init()) {}
  ~Connection() { curl_easy_cleanup(curl_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  SendReport Send(const OutgoingMail& mail,
                  const std::function<absl::Status()>& before_final_dot) {
    SendReport report = TryOnce(mail, before_final_dot, /*fresh=*/false);
    // A server may close an idle connection at any time; that says nothing
    // about this mail.
    if (was_idle_too_long_) {
      report = TryOnce(mail, before_final_dot, /*fresh=*/true);
    }
    return report;
  }

 private:
  SendReport TryOnce(const OutgoingMail& mail,
                     const std::function<absl::Status()>& before_final_dot,
                     bool fresh) {
    rest_ = mail.message;
    before_final_dot_ = &before_final_dot;
    stage_ = SmtpStage::kGreeting;
    reply_.clear();
    replies_in_stage_ = 0;
    leaving_ = false;

    // Keeps the connection and forgets the mail before.
    curl_easy_reset(curl_);
    const std::string url =
        absl::StrCat("smtp://", options_.server, "/", options_.greeting);
    const std::string from = absl::StrCat("<", mail.sender.value(), ">");
    const std::unique_ptr<curl_slist, FreeList> to(curl_slist_append(
        nullptr, absl::StrCat("<", mail.recipient.value(), ">").c_str()));
    Set(CURLOPT_URL, url.c_str());
    Set(CURLOPT_PROTOCOLS_STR, "smtp");
    Set(CURLOPT_PROXY, "");  // Whatever the environment says.
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_MAIL_FROM, from.c_str());
    Set(CURLOPT_MAIL_RCPT, to.get());
    Set(CURLOPT_USE_SSL,
        static_cast<long>(options_.plaintext ? CURLUSESSL_NONE
                                             : CURLUSESSL_ALL));
    Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options_.ca_file.empty()) {
      Set(CURLOPT_CAINFO, options_.ca_file.c_str());
      Set(CURLOPT_CAPATH, nullptr);
    }
    Set(CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
    Set(CURLOPT_CONNECTTIMEOUT, Seconds(options_.connect_timeout));
    Set(CURLOPT_SERVER_RESPONSE_TIMEOUT, Seconds(options_.command_timeout));
    Set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    Set(CURLOPT_LOW_SPEED_TIME, Seconds(kStallTimeout));
    // No size is given: libcurl then asks for the end, which is where the
    // final dot is decided upon.
    Set(CURLOPT_UPLOAD, 1L);
    Set(CURLOPT_READFUNCTION, &Connection::Read);
    Set(CURLOPT_READDATA, this);
    Set(CURLOPT_VERBOSE, 1L);
    Set(CURLOPT_DEBUGFUNCTION, &Connection::Listen);
    Set(CURLOPT_DEBUGDATA, this);

    const CURLcode result = curl_easy_perform(curl_);
    long code = 0;
    long connects = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(curl_, CURLINFO_NUM_CONNECTS, &connects);
    // A code from before the stage is no reply to it.
    if (replies_in_stage_ == 0 ||
        (stage_ == SmtpStage::kFinalDot && code == kGoAhead)) {
      code = 0;
    }
    was_idle_too_long_ = !fresh && connects == 0 && result != CURLE_OK &&
                         stage_ == SmtpStage::kTransaction &&
                         (code == 0 || (code == 421 && replies_in_stage_ == 1));
    SendReport report;
    report.outcome = ClassifyReply(stage_, static_cast<int>(code));
    report.reply = code != 0 ? reply_ : curl_easy_strerror(result);
    return report;
  }

  template <typename Value>
  void Set(CURLoption option, Value value) {
    curl_easy_setopt(curl_, option, value);
  }

  // libcurl asks for more of the body; 0 ends it, and libcurl sends the dot.
  static size_t Read(char* buffer, size_t size, size_t count, void* data) {
    Connection& self = *static_cast<Connection*>(data);
    const size_t length = std::min(size * count, self.rest_.size());
    if (length == 0) return self.EndBody();
    std::memcpy(buffer, self.rest_.data(), length);
    self.rest_.remove_prefix(length);
    return length;
  }

  size_t EndBody() {
    if (!(*before_final_dot_)().ok()) return CURL_READFUNC_ABORT;
    stage_ = SmtpStage::kFinalDot;
    replies_in_stage_ = 0;
    Set(CURLOPT_SERVER_RESPONSE_TIMEOUT, Seconds(options_.final_reply_timeout));
    Set(CURLOPT_LOW_SPEED_TIME, 0L);  // It would cut that wait short.
    return 0;
  }

  // Follows the conversation.
  static int Listen(CURL*, curl_infotype type, char* text, size_t size,
                    void* data) {
    Connection& self = *static_cast<Connection*>(data);
    const absl::string_view line(text, size);
    if (type == CURLINFO_HEADER_OUT && absl::StartsWith(line, "MAIL ")) {
      self.stage_ = SmtpStage::kTransaction;
      self.replies_in_stage_ = 0;
    } else if (type == CURLINFO_HEADER_OUT && absl::StartsWith(line, "QUIT")) {
      self.leaving_ = true;  // What follows is no reply to the mail.
    } else if (type == CURLINFO_HEADER_IN && !self.leaving_) {
      ++self.replies_in_stage_;
      self.reply_ =
          std::string(absl::StripAsciiWhitespace(line.substr(0, kMaxReply)));
    }
    return 0;
  }

  const SmtpOptions& options_;
  CURL* const curl_;
  absl::string_view rest_;
  const std::function<absl::Status()>* before_final_dot_ = nullptr;
  SmtpStage stage_ = SmtpStage::kGreeting;
  std::string reply_;
  int replies_in_stage_ = 0;
  bool leaving_ = false;
  bool was_idle_too_long_ = false;
};

absl::StatusOr<std::unique_ptr<SmtpClient>> SmtpClient::Create(
    SmtpOptions options) {
  const std::vector<std::string> parts = absl::StrSplit(options.server, ':');
  if (parts.size() < 2 || parts.front().empty() || parts.back().empty()) {
    return InvalidArgument("SMTP_OPTIONS_INVALID",
                           absl::StrCat("The mail server must be host:port; \"",
                                        options.server, "\" is not."),
                           {{"server", options.server}});
  }
  if (options.plaintext && !IsLoopback(options.server)) {
    return InvalidArgument(
        "SMTP_OPTIONS_INVALID",
        absl::StrCat("Plain text is for mail servers on loopback; ",
                     options.server, " is not."),
        {{"server", options.server}});
  }
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialized != CURLE_OK) {
    return Internal("CURL_UNUSABLE", curl_easy_strerror(initialized));
  }
  return std::unique_ptr<SmtpClient>(new SmtpClient(std::move(options)));
}

SmtpClient::SmtpClient(SmtpOptions options) : options_(std::move(options)) {}

SmtpClient::~SmtpClient() = default;

SendReport SmtpClient::Send(
    const OutgoingMail& mail,
    const std::function<absl::Status()>& before_final_dot) {
  std::unique_ptr<Connection> connection = Take();
  SendReport report = connection->Send(mail, before_final_dot);
  GiveBack(std::move(connection));
  return report;
}

std::unique_ptr<SmtpClient::Connection> SmtpClient::Take() {
  {
    absl::MutexLock lock(&mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return std::make_unique<Connection>(options_);
}

void SmtpClient::GiveBack(std::unique_ptr<Connection> connection) {
  absl::MutexLock lock(&mutex_);
  idle_.push_back(std::move(connection));
}

}  // namespace rollcall::enrollment
