// The HTTP server of the emulator, over TLS or in the clear. It parses and
// writes HTTP by cpp-httplib, and keeps the connections itself: one thread
// each, without limit of requests, and closed at once when the server stops.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_SERVER_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tests/fakes/entra/certificates.h"
#include "tests/fakes/entra/http_message.h"

namespace rollcall::entra {

using RequestHandler = std::function<HttpResponse(const HttpRequest&)>;

struct ServerOptions {
  std::string address;  // to listen at
  int port = 0;         // 0: any free one
  SslContext tls;       // none: plain HTTP
  RequestHandler handler;
};

// Thread-safe. The handler is called by many threads at once.
class Server {
 public:
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options);
  // Stops: breaks all connections, and waits for running requests.
  virtual ~Server() = default;

  virtual int port() const = 0;
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_SERVER_H_
