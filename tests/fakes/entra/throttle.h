// Resource units, by which Graph limits directory requests (section 3.1 of
// the protocol specification).

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_THROTTLE_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_THROTTLE_H_

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "tests/fakes/entra/odata.h"

namespace rollcall::entra {

// What a request costs; the segments are those below /v1.0, decoded.
int64_t ResourceUnits(absl::Span<const std::string> segments,
                      const QueryOptions& options);

// What one application may use of a tenant of this size in ten seconds.
int64_t UnitsOfTenant(int64_t users);

// What one application may use of all tenants in twenty seconds, and how many
// requests of any kind it may make to all of them in ten.
inline constexpr int64_t kUnitsOfApplication = 150'000;
inline constexpr int64_t kRequestsOfApplication = 130'000;

enum class ThrottleScope {
  kTenantApplication,
  kApplication,
  kRequests,  // any service: counted before anybody looks at the units
};

// The buckets that a request of the one application is charged to. Each is
// without limit until one is set. Thread-safe.
class ThrottleBudget {
 public:
  // These fill the bucket; 0: without limit.
  void SetLimit(int64_t units_per_ten_seconds);
  // What is left of them here, where only this tenant's requests are seen, may
  // be as little as a test wants the other tenants to leave.
  void SetApplicationLimit(int64_t units_per_twenty_seconds);
  void SetRequestLimit(int64_t requests_per_ten_seconds);

  // Of the bucket that is emptiest.
  struct Verdict {
    bool refused = false;
    absl::Duration retry_after;  // when there will be enough again
    double used = 0;  // share of the limit, this request included: up to 1.8
    ThrottleScope scope = ThrottleScope::kTenantApplication;
  };
  // A refused request counts, too.
  Verdict Charge(int64_t units, absl::Time now);

  int64_t total() const;

 private:
  struct Bucket {
    const ThrottleScope scope;
    const absl::Duration window;
    double limit = 0;
    double left = 0;  // negative after refused requests
    absl::Time filled = absl::InfinitePast();

    void Fill(int64_t new_limit);
    Verdict Charge(double cost, absl::Time now);
  };

  mutable absl::Mutex mutex_;
  Bucket tenant_ ABSL_GUARDED_BY(mutex_) = {ThrottleScope::kTenantApplication,
                                            absl::Seconds(10)};
  Bucket application_ ABSL_GUARDED_BY(mutex_) = {ThrottleScope::kApplication,
                                                 absl::Seconds(20)};
  Bucket requests_ ABSL_GUARDED_BY(mutex_) = {ThrottleScope::kRequests,
                                              absl::Seconds(10)};
  int64_t total_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_THROTTLE_H_
