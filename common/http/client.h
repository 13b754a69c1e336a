// An HTTPS client over libcurl: HTTP/2 where the server speaks it, connections
// reused, parallelism bounded, sizes and times limited.
//
// Promises: TLS is always verified; a redirect is an answer and is never
// followed; a body that was cut short, is too large or does not unpack is an
// error and never a shorter body; nothing of a request or an answer is logged.
#ifndef ROLLCALL_COMMON_HTTP_CLIENT_H_
#define ROLLCALL_COMMON_HTTP_CLIENT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/http/encoding.h"
#include "common/http/url.h"

namespace rollcall::http {

struct ClientOptions {
  // Certificate authorities to trust, a PEM file; empty: the system's.
  std::string ca_file;
  // How many requests are under way at once; further ones wait for a place.
  int max_parallel = 8;
  std::string user_agent = "rollcall/1";
};

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  std::string url;  // https only.
  Headers headers;
  std::string body;
  absl::Duration connect_timeout = absl::Seconds(10);
  absl::Duration timeout =
      absl::Seconds(120);  // For everything, the wait for a place excluded.
  size_t max_body_bytes = size_t{64} << 20;  // Of the answer, unpacked.
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;      // Unpacked (gzip).
  int http_version = 0;  // 11 or 20.

  // The value of the last header of that name, in any case.
  absl::optional<std::string> Header(absl::string_view name) const;
};

// Thread-safe.
class Client {
 public:
  static absl::StatusOr<std::unique_ptr<Client>> Create(ClientOptions options);
  ~Client();

  // Sends one request and waits for its answer. Any HTTP status is an OK
  // answer.
  //   UNAVAILABLE, reasons HTTP_CONNECT_FAILED, HTTP_TLS_FAILED,
  //   HTTP_CUT_SHORT, HTTP_TIMEOUT, HTTP_BODY_MALFORMED (it does not unpack):
  //   try again if the request may be repeated.
  //   RESOURCE_EXHAUSTED, reason HTTP_BODY_TOO_LARGE (headers count too).
  //   INVALID_ARGUMENT, reason HTTP_URL_INVALID (https only, no userinfo) or
  //   HTTP_HEADER_INVALID. CANCELLED, reason HTTP_STOPPED: Stop was called.
  absl::StatusOr<Response> Send(const Request& request);

  // Ends every request under way and refuses new ones; for a quick shutdown.
  void Stop();

 private:
  class Engine;
  explicit Client(std::unique_ptr<Engine> engine);
  std::unique_ptr<Engine> engine_;
};

}  // namespace rollcall::http

#endif  // ROLLCALL_COMMON_HTTP_CLIENT_H_
