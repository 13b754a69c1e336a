#include "common/http/transfer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/http/gunzip.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::http::internal {
namespace {

// Far more than any answer we read has; libcurl itself only limits each line.
constexpr size_t kMaxHeaderBytes = 256 << 10;
// The largest chunk in which libcurl hands a body over.
constexpr long kReceiveBuffer = 256 << 10;

long Milliseconds(absl::Duration duration) {
  // Zero would mean no limit.
  return static_cast<long>(std::clamp<int64_t>(
      absl::ToInt64Milliseconds(duration), 1, 24 * 3600 * 1000));
}

// Whether a text may stand in a header line without beginning another one.
bool IsHeaderText(absl::string_view text) {
  return text.find_first_of(absl::string_view("\r\n\0", 3)) ==
         absl::string_view::npos;
}

bool IsHeaderName(absl::string_view name) {
  if (name.empty()) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '-' && c != '_') return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Transfer>> Transfer::Create(
    const ClientOptions& options, const Request& request) {
  ASSIGN_OR_RETURN(const Url url, Url::Parse(request.url));
  if (url.scheme != "https") {
    return InvalidArgument("HTTP_URL_INVALID",
                           "Requests are sent to https addresses only.");
  }
  if (!url.user.empty()) {
    return InvalidArgument("HTTP_URL_INVALID",
                           "An address must not carry a user or a password.");
  }
  std::unique_ptr<Transfer> transfer(new Transfer(options, request));
  RETURN_IF_ERROR(transfer->SetUp(url));
  return transfer;
}

Transfer::~Transfer() = default;

absl::Status Transfer::SetHeaders() {
  const auto append = [this](const std::string& line) {
    curl_slist* const list = curl_slist_append(headers_.get(), line.c_str());
    if (list == nullptr) return false;
    (void)headers_.release();
    headers_.reset(list);
    return true;
  };
  // Without `Expect`, libcurl does not wait for a server's consent to a body.
  bool ok = append("Accept-Encoding: gzip") && append("Expect:");
  for (const auto& [name, value] : request_.headers) {
    if (!IsHeaderName(name) || !IsHeaderText(value)) {
      return InvalidArgument("HTTP_HEADER_INVALID",
                             "A header of a request is not a header.");
    }
    // libcurl writes an empty header only with a semicolon.
    ok = ok && append(value.empty() ? absl::StrCat(name, ";")
                                    : absl::StrCat(name, ": ", value));
  }
  if (ok) return absl::OkStatus();
  return ResourceExhausted("HTTP_MEMORY", "No memory is left for a request.");
}

absl::Status Transfer::SetUp(const Url& url) {
  origin_ = url.Origin();
  easy_.reset(curl_easy_init());
  if (easy_ == nullptr) {
    return ResourceExhausted("HTTP_MEMORY", "No memory is left for a request.");
  }
  RETURN_IF_ERROR(SetHeaders());

  bool ok = true;
  const auto set = [&](CURLoption option, auto value) {
    ok = ok && curl_easy_setopt(easy_.get(), option, value) == CURLE_OK;
  };
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, error_);
  set(CURLOPT_NOSIGNAL, 1L);

  // Where to: exactly there, without proxies, netrc, redirects or cookies.
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "https");
  set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));

  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options_.ca_file.empty()) {
    set(CURLOPT_CAINFO, options_.ca_file.c_str());
    // Otherwise the system's authorities would be trusted besides.
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }

  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  // Rather one more stream on a connection than one more connection.
  set(CURLOPT_PIPEWAIT, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_BUFFERSIZE, kReceiveBuffer);
  set(CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(request_.connect_timeout));
  set(CURLOPT_TIMEOUT_MS, Milliseconds(request_.timeout));

  set(CURLOPT_USERAGENT, options_.user_agent.c_str());
  set(CURLOPT_HTTPHEADER, headers_.get());
  set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
  if (request_.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (request_.method != "GET" || !request_.body.empty()) {
    set(CURLOPT_POSTFIELDSIZE_LARGE,
        static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.data());
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }

  // libcurl calls back with C functions; `this` travels as their last argument.
  set(CURLOPT_HEADERDATA, this);
  set(
      CURLOPT_HEADERFUNCTION,
      +[](char* bytes, size_t, size_t size, void* self) -> size_t {
        return static_cast<Transfer*>(self)->ReceiveHeader({bytes, size});
      });
  set(CURLOPT_WRITEDATA, this);
  set(
      CURLOPT_WRITEFUNCTION,
      +[](char* bytes, size_t, size_t size, void* self) -> size_t {
        return static_cast<Transfer*>(self)->ReceiveBody({bytes, size});
      });
  if (ok) return absl::OkStatus();
  return Internal("HTTP_SETUP", "libcurl refuses an option of the client.");
}

size_t Transfer::ReceiveHeader(absl::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    too_large_ = true;
    return 0;
  }
  if (absl::StartsWith(line, "HTTP/")) {
    response_.headers.clear();  // Those before were of an interim answer.
    return line.size();
  }
  const size_t colon = line.find(':');
  if (colon != absl::string_view::npos) {
    response_.headers.emplace_back(
        std::string(absl::StripAsciiWhitespace(line.substr(0, colon))),
        std::string(absl::StripAsciiWhitespace(line.substr(colon + 1))));
  }
  return line.size();
}

size_t Transfer::ReceiveBody(absl::string_view bytes) {
  if (bytes.size() > request_.max_body_bytes - response_.body.size()) {
    too_large_ = true;
    return 0;
  }
  response_.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

absl::Status Transfer::ErrorOf(CURLcode code) const {
  const Facts facts = {{"origin", origin_},
                       {"curl_code", absl::StrCat(static_cast<int>(code))}};
  // Only the words of libcurl about connections are passed on; nothing of them
  // comes from a request or an answer.
  const absl::string_view why =
      error_[0] == '\0' ? curl_easy_strerror(code) : error_;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return Unavailable(
          "HTTP_CONNECT_FAILED",
          absl::StrCat(origin_, " cannot be reached: ", why, "."), facts);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_PEER_FAILED_VERIFICATION:
      return Unavailable(
          "HTTP_TLS_FAILED",
          absl::StrCat(origin_, " did not prove who it is: ", why, "."), facts);
    case CURLE_OPERATION_TIMEDOUT:
      return Unavailable(
          "HTTP_TIMEOUT",
          absl::StrCat(origin_, " did not answer within ",
                       absl::FormatDuration(request_.timeout), "."),
          facts);
    default:
      return Unavailable("HTTP_CUT_SHORT",
                         absl::StrCat("The answer of ", origin_, " broke off: ",
                                      curl_easy_strerror(code), "."),
                         facts);
  }
}

void Transfer::Finish(CURLcode code) {
  if (too_large_) {
    status_ = ResourceExhausted(
        "HTTP_BODY_TOO_LARGE",
        absl::StrCat("The answer of ", origin_, " is larger than ",
                     request_.max_body_bytes, " bytes."),
        {{"origin", origin_},
         {"max_body_bytes", absl::StrCat(request_.max_body_bytes)}});
  } else if (code != CURLE_OK) {
    status_ = ErrorOf(code);
  }
  finished_.Notify();
}

void Transfer::Cancel() {
  status_ = Cancelled("HTTP_STOPPED", "The HTTP client was stopped.");
  finished_.Notify();
}

// Whether the answer says itself where its body ends. One that ends where its
// connection does may have been cut by anybody on the way (RFC 9112 §8):
// libcurl does not tell a connection that broke from one that was closed.
bool Transfer::TellsItsEnd() const {
  if (response_.http_version != 11 || request_.method == "HEAD") return true;
  if (response_.status == 204 || response_.status == 304) return true;
  return response_.Header("content-length").has_value() ||
         absl::EndsWithIgnoreCase(
             response_.Header("transfer-encoding").value_or(""), "chunked");
}

absl::StatusOr<Response> Transfer::TakeResponse() {
  RETURN_IF_ERROR(status_);
  long status = 0;
  long version = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_VERSION, &version);
  response_.status = static_cast<int>(status);
  response_.http_version = version == CURL_HTTP_VERSION_2_0 ? 20 : 11;

  if (!TellsItsEnd()) {
    return Unavailable("HTTP_CUT_SHORT",
                       absl::StrCat("The answer of ", origin_,
                                    " does not say where it ends, so that "
                                    "nobody knows whether it is whole."),
                       {{"origin", origin_}});
  }

  const std::string encoding = absl::AsciiStrToLower(
      response_.Header("content-encoding").value_or("identity"));
  if (encoding == "gzip" || encoding == "x-gzip") {
    if (!response_.body.empty()) {
      ASSIGN_OR_RETURN(response_.body,
                       Gunzip(response_.body, request_.max_body_bytes));
    }
  } else if (encoding != "identity") {
    return Unavailable("HTTP_BODY_MALFORMED",
                       absl::StrCat(origin_,
                                    " answered in an encoding that "
                                    "was not asked for."),
                       {{"origin", origin_}});
  }
  return std::move(response_);
}

}  // namespace rollcall::http::internal
