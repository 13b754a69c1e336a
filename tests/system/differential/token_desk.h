// For tests: authorization as one connection of the local Entra needs it, with
// real tokens that expire.
#ifndef ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TOKEN_DESK_H_
#define ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TOKEN_DESK_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "common/http/client.h"
#include "common/time/clock.h"
#include "services/directory/authorization_client.h"
#include "tests/fakes/entra/emulator.h"

namespace rollcall::directory {

// Thread-safe.
class TokenDesk : public AuthorizationClient {
 public:
  // All must outlive the desk.
  TokenDesk(entra::Emulator& emulator, http::Client& http, Clock& clock)
      : emulator_(emulator), http_(http), clock_(clock) {}

  absl::StatusOr<AccessToken> MintAccessToken(
      const ConnectionName& connection) override;
  absl::Status ReportRejectedToken(const ConnectionName& connection,
                                   const Secret& token) override;
  absl::StatusOr<ConnectionFacts> GetConnection(
      const ConnectionName& connection) override;

 private:
  entra::Emulator& emulator_;
  http::Client& http_;
  Clock& clock_;
  absl::Mutex mutex_;
  absl::optional<AccessToken> token_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TOKEN_DESK_H_
