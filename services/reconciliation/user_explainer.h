// Explains a user (B4): what holds now and why, what comes next, and what has
// happened. Promises one instant of the store; the directory is asked beside
// it, and where it does not answer the rest is told all the same.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USER_EXPLAINER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USER_EXPLAINER_H_

#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/time/clock.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/client.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

struct UserExplainerOptions {
  const IdentityStore& store;
  DirectoryClient& directory;
  Clock& clock;
  // How long the trash keeps users (A21).
  absl::Duration trash_retention = absl::Hours(24 * 7);
};

// Thread-safe.
class UserExplainer {
 public:
  explicit UserExplainer(UserExplainerOptions options)
      : options_(std::move(options)) {}

  absl::StatusOr<v1::ExplainUserResponse> Explain(
      const v1::ExplainUserRequest& request) const;

 private:
  UserExplainerOptions options_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USER_EXPLAINER_H_
