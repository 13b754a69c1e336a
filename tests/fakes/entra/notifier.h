// Tells the receivers of subscriptions what has changed. A hint only: what is
// not delivered within four hours is lost.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_NOTIFIER_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_NOTIFIER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/faults.h"
#include "tests/fakes/entra/receiver_health.h"
#include "tests/fakes/entra/subscriptions.h"
#include "tests/fakes/entra/tenant.h"

namespace rollcall::entra {

// Thread-safe. Nothing is locked while a receiver answers.
class Notifier {
 public:
  Notifier(std::string tenant_id, Tenant& tenant, Subscriptions& subscriptions,
           Faults& faults);

  // Collects what has changed since the last time, sends all that is due, and
  // returns how many POST requests were answered with success.
  int RunOnce(absl::Time now);

  // Sends a lifecycle event ("missed", "subscriptionRemoved", ...) with the
  // next run.
  absl::Status Announce(absl::string_view subscription_id,
                        absl::string_view event, absl::Time now);

  // What waits to be sent, or to be sent again.
  int64_t waiting() const;

 private:
  // One element of "value".
  struct Notice {
    std::string url;
    std::string json;
    absl::Time due;
    absl::Time give_up;
    int attempts = 0;
  };

  void Collect(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CollectChanges(const TenantState& state, ObjectKind kind,
                      const std::vector<Subscription>& subscriptions,
                      absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Enqueue(const std::string& url, std::string json, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::map<std::string, std::vector<Notice>> TakeDue(absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns whether it was taken.
  bool Deliver(const std::string& url, std::vector<Notice> notices,
               absl::Time now);
  std::string LifecycleJson(const Subscription& subscription,
                            absl::string_view event) const;

  const std::string tenant_id_;
  Tenant& tenant_;
  Subscriptions& subscriptions_;
  Faults& faults_;
  mutable absl::Mutex mutex_;
  uint64_t users_seen_ ABSL_GUARDED_BY(mutex_) = 0;  // of the change logs
  uint64_t groups_seen_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Notice> notices_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, ReceiverHealth> health_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_NOTIFIER_H_
