// Keeps people, cycles and releases in step with the change feed.
//
// A link dies here: when its user is disabled, trashed or gone for good (R93),
// or has enrolled (R88).
#ifndef ROLLCALL_SERVICES_ENROLLMENT_PROJECTION_H_
#define ROLLCALL_SERVICES_ENROLLMENT_PROJECTION_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/feed/feed_handler.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/enrollment/store.h"

namespace rollcall::enrollment {

// One thread.
class Projection : public feed::FeedHandler {
 public:
  // `store` must outlive this.
  explicit Projection(EnrollmentStore& store) : store_(store) {}

  absl::Status Apply(const AccountName& account,
                     const std::vector<reconciliation::v1::ChangeEvent>& events,
                     rollcall::store::Batch* batch) override;

  absl::StatusOr<std::vector<std::string>> ListUsers(const AccountName& account,
                                                     const std::string& after,
                                                     int limit) override;

 private:
  EnrollmentStore& store_;
};

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_PROJECTION_H_
