// The page that the login page sends the browser back to: takes the redirect
// once and says how it went, or sends the browser on to where the operator came
// from. HTTPS only; shows nothing that is not escaped.
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_CALLBACK_PAGE_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_CALLBACK_PAGE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/authorization/authorizer.h"

namespace rollcall::authorization {

inline constexpr char kCallbackPath[] = "/oauth/callback";

struct CallbackPageOptions {
  std::string listen;  // host:port; port 0 takes any free one.
  // PEM, the chain of this server and its key. Read again for each connection,
  // so that they can be replaced without a restart: swap both together, by
  // renaming a directory or a link.
  std::string certificate_file;
  std::string key_file;
};

// Serves until it is destroyed.
class CallbackPage {
 public:
  // `authorizer` must outlive the page. FAILED_PRECONDITION, reasons
  // CALLBACK_ADDRESS_INVALID, CALLBACK_CERTIFICATE_INVALID; UNAVAILABLE, reason
  // ADDRESS_IN_USE.
  static absl::StatusOr<std::unique_ptr<CallbackPage>> Start(
      const CallbackPageOptions& options, Authorizer& authorizer);
  ~CallbackPage();

  int port() const;

 private:
  class Impl;
  explicit CallbackPage(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_CALLBACK_PAGE_H_
