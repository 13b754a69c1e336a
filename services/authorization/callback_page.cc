#include "services/authorization/callback_page.h"

#include <httplib.h>
#include <openssl/ssl.h>

#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/authorization/consent_redirect.h"

namespace rollcall::authorization {
namespace {

constexpr int kThreads = 4;
constexpr int kReadTimeoutSeconds = 5;
constexpr size_t kMaxRequestBody = 4096;

std::string EscapeHtml(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

void SetSafeHeaders(httplib::Response* response) {
  response->set_header("Cache-Control", "no-store");
  response->set_header("Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; "
                       "frame-ancestors 'none'; base-uri 'none'; "
                       "form-action 'none'");
  response->set_header("Referrer-Policy", "no-referrer");
  response->set_header("X-Content-Type-Options", "nosniff");
  response->set_header("X-Frame-Options", "DENY");
}

void Answer(int status, absl::string_view title, absl::string_view sentence,
            httplib::Response* response) {
  SetSafeHeaders(response);
  response->status = status;
  response->set_content(
      absl::StrCat(
          "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<title>Rollcall</title><style>body{font:1.1em sans-serif;"
          "max-width:36em;margin:4em auto;padding:0 1em}</style></head><body>"
          "<h1>",
          EscapeHtml(title), "</h1><p>", EscapeHtml(sentence),
          "</p></body></html>\n"),
      "text/html; charset=utf-8");
}

void AnswerOutcome(const Authorizer::RedirectOutcome& outcome,
                   httplib::Response* response) {
  const v1::PendingAuthorization& pending = outcome.pending;
  if (!outcome.return_uri.empty()) {
    SetSafeHeaders(response);
    response->status = 303;
    response->set_header("Location", outcome.return_uri);
    return;
  }
  switch (pending.state()) {
    case v1::PendingAuthorization::AWAITING_CONFIRMATION:
      return Answer(200, "Consent received",
                    absl::StrCat("The organisation is ",
                                 pending.organization_display_name(), " (",
                                 pending.tenant_id(),
                                 "). Go back to Rollcall and confirm that this "
                                 "is the right one, or start over."),
                    response);
    case v1::PendingAuthorization::AWAITING_CONSENT:
      return Answer(
          200, "Consent received, not yet in effect",
          absl::StrCat(pending.error_message(), " You may close this page."),
          response);
    default:
      return Answer(200, "No consent",
                    absl::StrCat(pending.error_message(),
                                 " Go back to Rollcall and start over."),
                    response);
  }
}

void AnswerError(const absl::Status& error, httplib::Response* response) {
  if (absl::IsPermissionDenied(error) || absl::IsFailedPrecondition(error)) {
    return Answer(400, "Nothing was changed",
                  "This address belongs to no authorization that waits for it: "
                  "it was used already, or it has expired. Go back to Rollcall "
                  "and start over.",
                  response);
  }
  LogError("callback_failed", {{"error", error}});
  Answer(503, "Please try again", "Rollcall cannot answer at the moment.",
         response);
}

struct Address {
  std::string host;
  int port = 0;
};

absl::StatusOr<Address> ParseAddress(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  Address address;
  if (colon != std::string::npos && colon > 0 &&
      absl::SimpleAtoi(listen.substr(colon + 1), &address.port) &&
      address.port >= 0 && address.port <= 65535) {
    address.host = listen.substr(0, colon);
    return address;
  }
  return FailedPrecondition(
      "CALLBACK_ADDRESS_INVALID",
      absl::StrCat("The redirect page needs an address host:port, not \"",
                   listen, "\"."),
      {{"listen", listen}});
}

// Takes certificate and key from their files as they are now: OpenSSL asks in
// each handshake. Files that cannot be used end the handshake.
int UseFiles(SSL* connection, void* argument) {
  const auto& files = *static_cast<const CallbackPageOptions*>(argument);
  if (SSL_use_certificate_chain_file(connection,
                                     files.certificate_file.c_str()) == 1 &&
      SSL_use_PrivateKey_file(connection, files.key_file.c_str(),
                              SSL_FILETYPE_PEM) == 1) {
    return 1;
  }
  LogError("callback_certificate_unusable",
           {{"certificate", files.certificate_file}, {"key", files.key_file}});
  return 0;
}

}  // namespace

class CallbackPage::Impl {
 public:
  Impl(const CallbackPageOptions& options, Authorizer& authorizer)
      : options_(options),
        authorizer_(authorizer),
        server_(options_.certificate_file.c_str(), options_.key_file.c_str()) {}

  ~Impl() {
    if (!thread_.joinable()) return;
    server_.stop();
    thread_.join();
  }

  bool is_valid() const { return server_.is_valid(); }
  int port() const { return port_; }

  absl::Status Start(const Address& address) {
    SSL_CTX_set_cert_cb(server_.ssl_context(), UseFiles, &options_);
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    // One request a connection: nobody keeps a thread for long.
    server_.set_keep_alive_max_count(1);
    server_.set_read_timeout(kReadTimeoutSeconds);
    server_.set_write_timeout(kReadTimeoutSeconds);
    server_.set_payload_max_length(kMaxRequestBody);
    // The library's default would let another process share the port.
    server_.set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    server_.Get(kCallbackPath, [this](const httplib::Request& request,
                                      httplib::Response& response) {
      Take(request, &response);
    });
    server_.set_error_handler(
        [](const httplib::Request&, httplib::Response& response) {
          if (!response.body.empty()) return;
          Answer(response.status, "Nothing is here",
                 "This server only takes the redirects of the login page.",
                 &response);
        });

    if (address.port == 0) {
      port_ = server_.bind_to_any_port(address.host.c_str());
    } else if (server_.bind_to_port(address.host.c_str(), address.port)) {
      port_ = address.port;
    }
    if (port_ <= 0) {
      return Unavailable("ADDRESS_IN_USE",
                         absl::StrCat("The redirect page cannot listen at ",
                                      address.host, ":", address.port, "."));
    }
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    // stop() before the server runs would be lost.
    while (!server_.is_running()) std::this_thread::yield();
    return absl::OkStatus();
  }

 private:
  void Take(const httplib::Request& request, httplib::Response* response) {
    const absl::StatusOr<Authorizer::RedirectOutcome> outcome =
        authorizer_.TakeRedirect({.state = request.get_param_value("state"),
                                  .tenant = request.get_param_value("tenant"),
                                  .error = request.get_param_value("error"),
                                  .error_description = request.get_param_value(
                                      "error_description")});
    if (outcome.ok()) {
      AnswerOutcome(*outcome, response);
    } else {
      AnswerError(outcome.status(), response);
    }
  }

  CallbackPageOptions options_;
  Authorizer& authorizer_;
  httplib::SSLServer server_;
  int port_ = -1;
  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<CallbackPage>> CallbackPage::Start(
    const CallbackPageOptions& options, Authorizer& authorizer) {
  ASSIGN_OR_RETURN(const Address address, ParseAddress(options.listen));
  auto impl = std::make_unique<Impl>(options, authorizer);
  if (!impl->is_valid()) {
    return FailedPrecondition(
        "CALLBACK_CERTIFICATE_INVALID",
        absl::StrCat("The redirect page cannot use the certificate ",
                     options.certificate_file, " with the key ",
                     options.key_file, "."),
        {{"certificate", options.certificate_file}, {"key", options.key_file}});
  }
  RETURN_IF_ERROR(impl->Start(address));
  return std::unique_ptr<CallbackPage>(new CallbackPage(std::move(impl)));
}

CallbackPage::CallbackPage(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}

CallbackPage::~CallbackPage() = default;

int CallbackPage::port() const { return impl_->port(); }

}  // namespace rollcall::authorization
