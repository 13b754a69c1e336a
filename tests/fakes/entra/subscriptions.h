// The subscriptions of the application, until they expire.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_SUBSCRIPTIONS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_SUBSCRIPTIONS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/courier.h"
#include "tests/fakes/entra/subscription.h"

namespace rollcall::entra {

// Thread-safe. Expired ones are gone at once.
class Subscriptions {
 public:
  Subscriptions(uint64_t seed, Courier courier);

  // Asks the receivers whether they want it, and adds it only if all of them
  // say so in time. Returns it with its id.
  absl::StatusOr<Subscription> Create(Subscription subscription,
                                      absl::Time now);

  // Null if there is none, or none any more.
  std::optional<Subscription> Find(absl::string_view id, absl::Time now);
  std::vector<Subscription> List(absl::Time now);
  bool Remove(absl::string_view id, absl::Time now);
  // Both say that the application is still there and allowed.
  bool Renew(absl::string_view id, absl::Time expires, absl::Time now);
  bool Reauthorize(absl::string_view id, absl::Time now);
  // Those that expire before `soon` and have not been asked since they were
  // renewed; now they have.
  std::vector<Subscription> TakeToReauthorize(absl::Time soon, absl::Time now);

  // How many the application may have in this tenant.
  void SetQuota(int64_t quota);
  // How long a receiver may take: 10 seconds.
  void SetPatience(absl::Duration patience);
  absl::Duration patience() const;

  Receipt Send(const std::string& url, absl::string_view content_type,
               std::string body) const;

 private:
  absl::Status Shake(const std::string& url);
  void ForgetExpired(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Subscription* Get(absl::string_view id, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const uint64_t seed_;
  const Courier courier_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Subscription> by_id_ ABSL_GUARDED_BY(mutex_);
  uint64_t created_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t quota_ ABSL_GUARDED_BY(mutex_) = 100;
  absl::Duration patience_ ABSL_GUARDED_BY(mutex_) = absl::Seconds(10);
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_SUBSCRIPTIONS_H_
