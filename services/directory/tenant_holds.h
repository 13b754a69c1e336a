// Remembers until when tenants want to be left alone (section 3.1 of the
// protocol): a restart is no reason to come back sooner than told. A tenant
// asks for it as a whole: whichever directory was told, in whichever account,
// all of them wait.
#ifndef ROLLCALL_SERVICES_DIRECTORY_TENANT_HOLDS_H_
#define ROLLCALL_SERVICES_DIRECTORY_TENANT_HOLDS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/store/store.h"

namespace rollcall::directory {

// Thread-safe.
class TenantHolds {
 public:
  // `store` must outlive this.
  explicit TenantHolds(rollcall::store::Store& store) : store_(store) {}

  // How long the tenant is still to be left alone: never longer than it asked
  // for, even if the clock was set back.
  absl::StatusOr<absl::Duration> Left(absl::string_view tenant_id,
                                      absl::Time now) const;

  // The tenant asks to be left alone; durable when this returns. Nothing ends
  // an earlier, longer hold.
  absl::Status Extend(absl::string_view tenant_id, absl::Duration duration,
                      absl::Time now);

 private:
  rollcall::store::Store& store_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_TENANT_HOLDS_H_
